import { type SQL, sql } from 'drizzle-orm'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import type { ResourceName } from '@/lib/resources'
import type { Tx } from '../pg/client'
import { tellPerson } from '../trail/notices'
import { accountCheck } from './aws-rules'
import { blueprintRules, launchedHerd } from './blueprint-rules'
import { herdCheck, serverRules } from './place-rules'
import { reservedBy } from './reserved'
import type { Rules, Values } from './rules'
import { environmentCheck } from './safeguards'
import { calendarRules, hookRules, sizingRuleRules } from './sizing-rules'
import { stackCheck } from './stack-rules'
import { subscriptionRules } from './subscription-rules'
import { zoneCheck } from './zone-rules'

const one = async <T extends Record<string, unknown>>(tx: Tx, query: SQL): Promise<T | undefined> =>
  (await tx.execute(query)).rows[0] as T | undefined

const environmentOfHerd = async (tx: Tx, { herdId }: Values): Promise<string | null> =>
  (await one<{ id: string }>(tx, sql`select environment_id as id from herds where id = ${herdId}`))?.id ?? null

const openJobs = (column: 'target_id' | 'herd_id' | 'server_id') => async (tx: Tx, id: string) => {
  const found = await one<{ count: number }>(
    tx,
    sql`select count(*)::int as count from jobs where ${sql.raw(column)} = ${id} and state in ('waiting', 'running', 'attention')`,
  )
  const count = found?.count ?? 0
  return count === 0 ? [] : [count === 1 ? 'A job that has not ended acts on it.' : `${count} jobs that have not ended act on it.`]
}

const mustKeepAdministrator = async (tx: Tx): Promise<void> => {
  const left = await one(
    tx,
    sql`select 1 from grants g left join people p on p.id = g.person_id
      where g.role = 'admin' and g.environment_id is null and (g.group_name is not null or not p.is_disabled) limit 1`,
  )
  if (!left) throw new Fault('record.in-use', { because: 'Nobody would be left who administers every environment.' })
}

/** What a job that has the herd for itself goes by: it would look for the member elsewhere, or not at all. */
const held = ['herdId', 'serverId', 'portOverride', 'dataDirectoryOverride', 'socketDirectory'] as const

const heldCheck = async (tx: Tx, after: Values, before: Values | null): Promise<FieldProblem[]> => {
  const moved = before === null ? [] : held.filter((name) => (after[name] ?? null) !== (before[name] ?? null))
  const reserved = moved.length === 0 ? null : await reservedBy(tx, [String(before!.herdId)])
  return reserved === null ? [] : moved.map((path) => ({ path, message: `Its herd is ${reserved.said}.` }))
}

/** One that is gone for good may go while a job asks a person about it, and not one that the console sees. */
const memberBlockers: Rules['blockers'] = async (tx, id) => {
  const [target, member] = await Promise.all([
    openJobs('target_id')(tx, id),
    one<{ herd: string; state: string }>(tx, sql`select herd_id as herd, state from instances where id = ${id}`),
  ])
  const reserved = member === undefined ? null : await reservedBy(tx, [member.herd])
  if (reserved === null || (reserved.needsAttention && isUnseen(member!.state))) return target
  const besides = reserved.needsAttention ? ' Until then only a member that cannot be seen may be deleted.' : ''
  return [...target, `Its herd is ${reserved.said}.${besides}`]
}

const herdBlockers = async (tx: Tx, id: string) => [...(await openJobs('herd_id')(tx, id)), ...(await launchedHerd(tx, id))]

const isUnseen = (state: string): boolean => state === 'unreachable' || state === 'unknown'

/** Its clients may be paused, and what resumes them needs its record. */
const poolerBlockers: Rules['blockers'] = async (tx, id) => {
  const pooler = await one<{ herds: string[] }>(tx, sql`select to_json(herd_ids) as herds from poolers where id = ${id}`)
  const reserved = pooler === undefined ? null : await reservedBy(tx, pooler.herds)
  return [...(await openJobs('target_id')(tx, id)), ...(reserved === null ? [] : [`A herd that it serves is ${reserved.said}.`])]
}

const instanceCheck: Rules['check'] = async (tx, after, before) => {
  const problems = await heldCheck(tx, after, before)
  const places = await one<{ server: string; herd: string; is_same: boolean }>(
    tx,
    sql`select se.name as server, he.name as herd, se.id = he.id as is_same
      from servers s join environments se on se.id = s.environment_id, herds h join environments he on he.id = h.environment_id
      where s.id = ${after.serverId} and h.id = ${after.herdId}`,
  )
  if (!places || places.is_same) return problems
  return [
    ...problems,
    { path: 'serverId', message: `This server is in ${places.server}, the herd in ${places.herd}. Choose a server of ${places.herd}.` },
  ]
}

const nameCheck: Rules['check'] = async (tx, after) => {
  const problems: FieldProblem[] = []
  if (after.type === 'CNAME' && (after.follows ?? 'primary') !== 'primary')
    problems.push({ path: 'type', message: 'An alias points to one host. Use A or AAAA for several members.' })
  if (after.type !== 'CNAME' && after.carries === 'hostname')
    problems.push({ path: 'carries', message: `${String(after.type)} carries the server’s address.` })
  const places = await one<{ zone: string; herd: string; is_same: boolean }>(
    tx,
    sql`select ze.name as zone, he.name as herd, ze.id = he.id as is_same
      from dns_zones z join environments ze on ze.id = z.environment_id, herds h join environments he on he.id = h.environment_id
      where z.id = ${after.zoneId} and h.id = ${after.herdId}`,
  )
  if (places && !places.is_same)
    problems.push({
      path: 'zoneId',
      message: `This zone is in ${places.zone}, the herd in ${places.herd}. Choose a zone of ${places.herd}.`,
    })
  const rival = await one<{ name: string; type: string }>(
    tx,
    sql`select n.name, n.type from dns_names n join dns_zones z on z.id = n.zone_id
      where n.zone_id = ${after.zoneId} and n.id is distinct from ${after.id ?? null}::uuid and (n.type = 'CNAME') <> (${after.type} = 'CNAME')
        and n.name in (lower(${after.hostName}), lower(${after.hostName}) || '.' || lower(z.name)) limit 1`,
  )
  if (rival)
    problems.push({ path: 'type', message: `${rival.name} is registered as ${rival.type}: an alias and other records exclude each other.` })
  return problems
}

const grantCheck: Rules['check'] = async (_tx, after) => {
  const hasPerson = after.personId !== null && after.personId !== undefined
  const hasGroup = after.groupName !== null && after.groupName !== undefined && after.groupName !== ''
  if (hasPerson && hasGroup) return [{ path: 'groupName', message: 'Name a person or a group, not both.' }]
  return hasPerson || hasGroup ? [] : [{ path: 'personId', message: 'Name a person or a group.' }]
}

const rules: Readonly<Partial<Record<ResourceName, Rules>>> = {
  environment: { check: environmentCheck },
  instance: { environmentOf: environmentOfHerd, check: instanceCheck, blockers: memberBlockers },
  herd: { check: herdCheck, blockers: herdBlockers, stays: { poolers: 'cardinality(c.herd_ids) > 1', pooler_herds: 'true' } },
  pooler: { stays: { pooler_herds: 'true' }, blockers: poolerBlockers },
  server: { ...serverRules, blockers: openJobs('server_id') },
  stack: { check: stackCheck, blockers: openJobs('target_id') },
  'dns-zone': { check: zoneCheck },
  'cloud-account': { check: accountCheck },
  blueprint: blueprintRules,
  name: {
    environmentOf: environmentOfHerd,
    check: nameCheck,
    alongside: (after): Values => (after.carries ? {} : { carries: after.type === 'CNAME' ? 'hostname' : 'address' }),
    blockers: openJobs('target_id'),
  },
  subscription: subscriptionRules,
  'sizing-rule': sizingRuleRules,
  calendar: calendarRules,
  hook: hookRules,
  grant: { check: grantCheck, afterwards: mustKeepAdministrator },
  person: {
    check: async (tx, after, before, actor) => {
      if (before?.id === actor.personId && after.isDisabled === true)
        return [{ path: 'isDisabled', message: 'You cannot disable yourself.' }]
      if (before && before.source !== 'local' && after.userName !== before.userName)
        return [
          {
            path: 'userName',
            message: `The ${before.source === 'oidc' ? 'identity provider' : 'directory'} gives this person the name; change it there.`,
          },
        ]
      if (before?.email && after.email !== before.email)
        await tellPerson(tx, {
          personId: String(before.id),
          act: 'person.email',
          title: '',
          actorName: actor.name,
          from: actor.from,
          address: String(before.email),
        })
      return []
    },
    blockers: async (_tx, id, actor) => (id === actor.personId ? ['You cannot delete yourself.'] : []),
    afterwards: mustKeepAdministrator,
  },
  token: {
    check: async (_tx, { expiresAt: next }, before) => {
      const had = before?.expiresAt ?? null
      if (next === had) return []
      const isLater = next === null || (had !== null && Date.parse(String(next)) > Date.parse(String(had)))
      if (isLater) return [{ path: 'expiresAt', message: 'A token can only be made to end sooner. For longer, create a new one.' }]
      return Date.parse(String(next)) <= Date.now() ? [{ path: 'expiresAt', message: 'Choose a time in the future.' }] : []
    },
  },
}

export const rulesOf = (resource: string): Rules => rules[resource as ResourceName] ?? {}
