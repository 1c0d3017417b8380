import { isType } from '@/lib/domain/machines/type-names'
import { isDay } from '@/lib/domain/pygmy/dates'
import { fieldsOf, Unusable, type WrittenRule } from '@/lib/domain/pygmy/rule'
import { parseConditions } from '@/lib/domain/rules/condition-text'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import type { ImportInput, ImportItem } from '@/lib/shapes/pygmy-import'
import { type Cluster, type ClusterNode, readClusters, readNodes } from '../clusters'
import { readExceptions } from '../exceptions'
import { readManagements } from '../managements'
import { readDnsEntries } from '../names'
import { holdersOfNumbers } from '../numbers'
import { isKnownRule, readKnownRules } from '../rules'

/** What is to be done about one thing of a pygmy; `apply` finds it again by kind and number. */
export interface ImportPlan {
  items: ImportItem[]
  clusters: ReadonlyMap<number, Cluster>
  nodes: ReadonlyMap<number, ClusterNode>
  rules: ReadonlyMap<number, WrittenRule>
}

type Content = ImportInput['content']

/** What would be imported, and what not and why. Changes nothing. */
export const planImport = async (actor: Actor, { content, herds }: Pick<ImportInput, 'content' | 'herds'>): Promise<ImportPlan> => {
  const [all, allNodes, known, managements, entries, exceptions, holders] = await Promise.all([
    readClusters(actor),
    readNodes(actor),
    readKnownRules(actor),
    readManagements(actor),
    readDnsEntries(actor),
    readExceptions(actor),
    holdersOfNumbers(),
  ])
  const items: ImportItem[] = []
  const say = (kind: ImportItem['kind'], number: number, name: string, act: ImportItem['act'], because: string) =>
    void items.push({ kind, number, name, act, because })
  const mayRule = ({ environmentId }: Cluster) => mayIn(actor, 'sizing-rule.add', environmentId)
  const refusalOf = (cluster: Cluster | undefined) =>
    cluster === undefined
      ? 'Its cluster is not imported.'
      : mayRule(cluster)
        ? null
        : 'You do not have the permission sizing-rule.add there.'

  const clusters = new Map<number, Cluster>()
  for (const one of content.clusters) {
    const found = herdFor(one, content, herds, all, allNodes)
    if (typeof found === 'string') say('cluster', one.id, one.name, 'refuse', found)
    else if (!mayRule(found)) say('cluster', one.id, one.name, 'refuse', 'You do not have the permission sizing-rule.add there.')
    else {
      const holder = holders.get(`cluster ${one.id}`)
      if (holder !== undefined && holder !== found.herdId) {
        say('cluster', one.id, one.name, 'refuse', `The number ${one.id} is that of another herd already.`)
        continue
      }
      clusters.set(one.id, found)
      const isSame = holder === found.herdId && found.name === one.name && (one.enabled || found.disabledBy.length > 0)
      say('cluster', one.id, one.name, isSame ? 'same' : 'add', `Herd ${found.herdName}${one.enabled ? '' : ', disabled'}.`)
    }
  }

  const nodes = new Map<number, ClusterNode>()
  for (const { id, instanceId, cluster } of content.nodes) {
    const node = allNodes.find((one) => one.machine === instanceId)
    const holder = holders.get(`instance ${id}`)
    const place = clusters.get(cluster ?? -1) ?? all.find(({ herdId }) => herdId === node?.herdId)
    const because = node === undefined ? `No instance is on a machine ${instanceId}.` : refusalOf(place)
    if (because !== null) say('instance', id, instanceId, 'refuse', because)
    else if (holder !== undefined && holder !== node!.instanceId)
      say('instance', id, instanceId, 'refuse', `The number ${id} is that of another instance already.`)
    else {
      nodes.set(id, node!)
      say('instance', id, instanceId, holder === undefined ? 'add' : 'same', `Instance ${node!.title}.`)
    }
  }

  for (const one of content.managements) {
    const cluster = clusters.get(one.cluster)
    const because = refusalOf(cluster)
    const has = managements.some(({ cluster_id }) => cluster_id === cluster?.number)
    const name = cluster?.name ?? `cluster ${one.cluster}`
    if (because !== null) say('management', one.id, name, 'refuse', because)
    else
      say('management', one.id, name, has ? 'same' : 'add', has ? 'The herd has its own already, which stays.' : 'Fallbacks of its rules.')
  }

  const rules = new Map<number, WrittenRule>()
  for (const one of content.rules) {
    if (one.parent !== null) {
      const isHere = content.rules.some(({ id, parent }) => id === one.parent && parent === null)
      if (!isHere) say('rule', one.id, one.name, 'refuse', 'The rule that it reverses is not in the dump.')
      continue
    }
    const cluster = clusters.get(one.cluster)
    const written = writtenOf(one, content)
    const because = refusalOf(cluster) ?? (typeof written === 'string' ? written : null)
    if (because !== null || typeof written === 'string' || cluster === undefined) {
      say('rule', one.id, one.name, 'refuse', because ?? '')
      continue
    }
    const isKnown = isKnownRule(
      known.filter(({ herdId }) => herdId === cluster.herdId),
      written,
    )
    rules.set(one.id, written)
    const { type, conditions } = fieldsOf(written)
    const taken = holders.has(`rule ${one.id}`) && !isKnown ? ` The number ${one.id} is taken: it gets another.` : ''
    const reverse = written.reverse === null ? '' : `, with a reverse rule at ${written.reverse.runAt.join('; ')}`
    const said = `${type} at ${written.runAt.join('; ')}${conditions === '' ? '' : ` if ${conditions}`}${reverse}.${taken}`
    say('rule', one.id, one.name, isKnown ? 'same' : 'add', said)
  }

  for (const one of content.dns) {
    const isByInstance = one.matchType === 'MATCH_INSTANCE'
    const [node, cluster] = [nodes.get(one.instance ?? -1), clusters.get(one.cluster ?? -1)]
    const because = isByInstance ? (node === undefined ? 'Its instance is not imported.' : null) : refusalOf(cluster)
    const has = entries.some(({ dns_name, instance, cluster: of, tag_role }) =>
      isByInstance ? dns_name === one.dnsName && instance === node?.number : of === cluster?.number && tag_role === one.tagRole,
    )
    const said = isByInstance ? `Of ${node?.title ?? ''}.` : `Of members of ${cluster?.herdName ?? ''} with PGRole=${one.tagRole ?? ''}.`
    say('dns', one.id, one.dnsName, because === null ? (has ? 'same' : 'add') : 'refuse', because ?? said)
  }

  const today = new Date().toISOString().slice(0, 10)
  for (const one of content.exceptions) {
    const there = one.clusters.flatMap((id) => clusters.get(id) ?? [])
    const now = exceptions.find(({ exception_date }) => exception_date === one.day)
    const because = !isDay(one.day)
      ? 'There is no such day.'
      : one.day < today
        ? 'It is over.'
        : there.length === 0
          ? 'None of its clusters is imported.'
          : null
    const isSame = there.every(({ number }) => now?.clusters.some(({ id }) => id === number))
    const names = there.map(({ herdName }) => herdName).join(', ')
    const left = one.clusters.length - there.length
    const said = `In the calendars of ${names}${left === 0 ? '' : `; ${left} of its clusters are not imported`}.`
    say('exception', one.id, one.day, because === null ? (isSame ? 'same' : 'add') : 'refuse', because ?? said)
  }
  return { items, clusters, nodes, rules }
}

/** The herd that a cluster is: as said, by its name, by a machine of it, or by the address of its primary. */
const herdFor = (
  { id, name, primaryNodeIp }: Content['clusters'][number],
  { nodes }: Content,
  herds: Readonly<Record<string, string>>,
  all: readonly Cluster[],
  known: readonly ClusterNode[],
): Cluster | string => {
  const said = herds[name]
  const called = (wanted: string) =>
    all.filter((one) => [one.name, one.herdName].some((each) => each.toLowerCase() === wanted.toLowerCase()))
  const byName = called(said ?? name)
  if (byName.length > 1) return `${byName.length} herds are called ${said ?? name}.`
  if (byName.length === 1) return byName[0]!
  if (said !== undefined) return `There is no herd ${said}, or you may not see it.`
  const machines = new Set(nodes.flatMap((one) => (one.cluster === id ? [one.instanceId] : [])))
  const herdIds = new Set(known.flatMap(({ machine, herdId }) => (machines.has(machine) ? [herdId] : [])))
  const byPlace = all.filter(
    ({ herdId, primaryAddress }) => herdIds.has(herdId) || (primaryNodeIp !== '' && primaryAddress === primaryNodeIp),
  )
  if (byPlace.length > 1) return `Its machines are members of ${byPlace.map(({ herdName }) => herdName).join(' and ')}.`
  return (
    byPlace[0] ??
    `No herd is called so, none has one of its machines, and no primary is at ${primaryNodeIp || 'its address'}. Register the herd first, or say which one it is.`
  )
}

/** As `/v1/api/rules` would have been sent it; otherwise why it cannot be used, as a sentence. */
const writtenOf = (one: Content['rules'][number], { rules }: Content): WrittenRule | string => {
  const { name, action, rule, isAny, runAt } = one
  if (action !== 'SCALE_DOWN' && action !== 'SCALE_UP') return `Its action is ${action}.`
  const child = rules.find(({ parent }) => parent === one.id)
  const reverse =
    child === undefined
      ? null
      : { action: child.action === 'SCALE_DOWN' ? ('SCALE_DOWN' as const) : ('SCALE_UP' as const), runAt: child.runAt }
  const written: WrittenRule = { name, action, rule: isAny ? { ...rule, logic: 'ANY' } : rule, runAt, reverse }
  try {
    const fields = fieldsOf(written)
    if (name === '') return 'It has no name.'
    if (!isType(fields.type)) return `${fields.type} is no type.`
    for (const said of [
      parseSchedules(fields.schedules),
      parseConditions(fields.conditions),
      parseSchedules(reverse?.runAt.join('\n') ?? '0 0 * * *'),
    ])
      if (typeof said === 'string') return said
    return written
  } catch (error) {
    if (error instanceof Unusable) return error.message
    throw error
  }
}
