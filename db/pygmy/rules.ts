import { fieldsOf, type PygmyRule, readRule, type SentRule, shownRule, Unusable, type WrittenRule } from '@/lib/domain/pygmy/rule'
import { linesOf } from '@/lib/domain/rules/schedules'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { canonicalJson, type Json } from '@/lib/kernel/ground/json'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { addRecord, changeRecord, deleteRecord, getRecord } from '../records/records'
import { type Cluster, clusterOf, mustMayRule, reachIn, readClusters } from './clusters'
import { herdDefaults } from './managements'
import { guarded, numbersOf, objectOf } from './numbers'

type Sent = Readonly<Record<string, unknown>>

/** As scripts read it. */
export interface ShownRule {
  id: number
  name: string
  cluster: number
  action: string
  rule: PygmyRule
  run_at: string[]
}

export interface KnownRule {
  id: string
  herdId: string
  environmentId: string
  name: string
  action: 'down' | 'up' | 'return'
  reverseOf: string | null
  type: string | null
  memberTypes: string[]
  schedules: string
  conditions: string
  retryMinutes: number | null
  retryMax: number | null
  revision: number
  sent: SentRule | null
}

const columns = `r.id, r.herd_id as "herdId", r.environment_id as "environmentId", r.name, r.action, r.reverse_of as "reverseOf", r.type, to_json(r.member_types) as "memberTypes",
  r.schedules, r.conditions, r.retry_minutes as "retryMinutes", r.retry_max as "retryMax", r.revision, n.sent`

/** Sizing rules that the actor may see, in the order of their numbers, whoever wrote them. */
export const readKnownRules = (actor: Actor): Promise<KnownRule[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<KnownRule>(
      `select ${columns} from sizing_rules r left join pygmy_numbers n on n.rule_id = r.id
        where $1::uuid[] is null or r.environment_id = any($1) order by n.number nulls last, r.created_at, r.id`,
      [reachIn(actor, 'sizing-rule.view')],
    )
    return rows
  })

/** What it is now; of the checks, those that were sent, as long as its conditions are what was made of them. */
const ruleOf = ({ action, type, memberTypes, conditions, retryMinutes, retryMax, sent }: KnownRule): PygmyRule => {
  if (action === 'return') return {}
  const { ec2_default_type, ec2_role_types, rds_default_type, rds_role_types, retry, logic: _logic, ...checks } = sent?.rule ?? {}
  const isRds = sent !== null && !ec2_default_type && Boolean(rds_default_type)
  const roles = (was: unknown): unknown => (memberTypes.length === 0 && (was === null || was === undefined) ? null : memberTypes)
  const isSameRetry = retry !== undefined && sameNumber(retry, 'retry_after', retryMinutes) && sameNumber(retry, 'retry_max', retryMax)
  return {
    ec2_default_type: isRds ? null : type,
    ec2_role_types: isRds ? (ec2_role_types ?? null) : roles(ec2_role_types),
    rds_default_type: isRds ? type : (rds_default_type ?? null),
    rds_role_types: isRds ? roles(rds_role_types) : (rds_role_types ?? null),
    ...(sent?.conditions === conditions ? checks : {}),
    ...(retryMinutes === null ? {} : { retry: isSameRetry ? retry : { retry_after: retryMinutes, retry_max: retryMax } }),
  }
}

const sameNumber = (retry: unknown, name: string, value: number | null): boolean =>
  typeof retry === 'object' && retry !== null && Number((retry as Sent)[name]) === value

const actionOf = ({ action, sent }: KnownRule): string => {
  if (action === 'return') return sent?.action ?? 'SCALE_UP'
  return action === 'down' ? 'SCALE_DOWN' : 'SCALE_UP'
}

/** With their numbers, and those of their herds. */
export const readNumberedRules = async (actor: Actor): Promise<(KnownRule & { shown: ShownRule })[]> => {
  const [rules, clusters] = await Promise.all([readKnownRules(actor), readClusters(actor)])
  const numbers = await numbersOf(
    'rule',
    rules.map(({ id }) => id),
  )
  return rules.flatMap((rule) => {
    const [number, cluster] = [numbers.get(rule.id), clusters.find(({ herdId }) => herdId === rule.herdId)]
    if (number === undefined || cluster === undefined) return []
    const name = rule.sent?.savedAs === rule.name ? rule.sent.name : rule.name
    const times = linesOf(rule.schedules)
    return [{ ...rule, shown: { id: number, name, cluster: cluster.number, action: actionOf(rule), rule: ruleOf(rule), run_at: times } }]
  })
}

/** Those that the actor may see, by their numbers. */
export const readRules = async (actor: Actor): Promise<ShownRule[]> => (await readNumberedRules(actor)).map(({ shown }) => shown)

/** pygmy answers nearly everything with 200. */
export type RuleAnswer = { success: true } | { error: string; data?: Json } | { not_found: string }

/** What cannot be used as it was sent, in the one shape that scripts know for it. */
const unusable = (error: unknown): RuleAnswer => {
  if (error instanceof Unusable) return { error: 'missing parameter', data: error.message }
  if (isFault(error, 'input.invalid') || isFault(error, 'record.duplicate')) {
    const { because, fields } = error.facts
    return {
      error: 'missing parameter',
      data: fields?.map(({ path, message }) => `${path}: ${message}`).join(' ') ?? because ?? error.message,
    }
  }
  throw error
}

const nameMax = 80

/** One that no other rule of the herd has. */
const freeName = (wanted: string, taken: readonly string[]): string => {
  const lower = new Set(taken.map((one) => one.toLowerCase()))
  for (let count = 1; ; count += 1) {
    const end = count === 1 ? '' : ` (${count})`
    const name = `${wanted.slice(0, nameMax - end.length)}${end}`
    if (!lower.has(name.toLowerCase())) return name
  }
}

/** What pygmy’s users expect of a rule without asking for it. */
const granted = { cutsClients: true, leavesNoStandby: true, note: 'Came through /v1/api.' }

/** As `POST /v1/api/rules` of pygmy. `number`: the one that it is to have. Throws what saving throws, but for what was sent wrong. */
export const addRule = async (actor: Actor, sent: Sent, zone: string): Promise<RuleAnswer> => {
  const cluster = await clusterOf(actor, sent.cluster_id)
  if (cluster === null) return { error: 'Invalid cluster ID' }
  mustMayRule(actor, cluster)
  try {
    await saveNew(actor, cluster, readRule(sent), zone)
    return { success: true }
  } catch (error) {
    return unusable(error)
  }
}

/** Saves a rule and the one that reverses it; if that fails, neither. Answers with their ids. Throws `Unusable` and what saving throws. */
export const saveNew = async (
  actor: Actor,
  cluster: Cluster,
  written: WrittenRule,
  zone: string,
): Promise<{ id: string; reverseId: string | null }> => {
  const resource = resourceByName('sizing-rule')!
  const known = (await readKnownRules(actor)).filter(({ herdId }) => herdId === cluster.herdId)
  const fields = fieldsOf(written)
  mustBeNew(known, written)
  const name = freeName(
    written.name,
    known.map((one) => one.name),
  )
  const { id } = await addRecord(actor, resource, {
    ...fields,
    ...granted,
    name,
    herdId: cluster.herdId,
    zone,
    ...(await herdDefaults(cluster.herdId))(fields.action),
  })
  try {
    await keepSent(id, { name: written.name, savedAs: name, action: written.action, rule: written.rule, conditions: fields.conditions })
    const reverseId = written.reverse === null ? null : await addReverse(actor, cluster, { id, name }, written.reverse, zone)
    return { id, reverseId }
  } catch (error) {
    await deleteRecord(actor, resource, id)
    throw error
  }
}

const addReverse = async (
  actor: Actor,
  { herdId }: Cluster,
  of: { id: string; name: string },
  { action, runAt }: NonNullable<WrittenRule['reverse']>,
  zone: string,
): Promise<string> => {
  const known = (await readKnownRules(actor)).filter((one) => one.herdId === herdId)
  const name = freeName(
    `${of.name.slice(0, nameMax - 10)} (reverse)`,
    known.map((one) => one.name),
  )
  const { id } = await addRecord(actor, resourceByName('sizing-rule')!, {
    ...granted,
    name,
    herdId,
    action: 'return',
    reverseOf: of.id,
    schedules: runAt.join('\n'),
    zone,
    ...(await herdDefaults(herdId))('return'),
  })
  await keepSent(id, { name, savedAs: name, action, rule: {}, conditions: '' })
  return id
}

/** Whether a herd has a rule with the same types, checks and times. Throws `Unusable`. */
export const isKnownRule = (known: readonly KnownRule[], written: WrittenRule): boolean => {
  const { rule, action, runAt } = written
  const { conditions } = fieldsOf(written)
  const wanted = canonicalJson([shownRule(rule), conditions, action, runAt] as Json)
  const isSame = (one: KnownRule) => canonicalJson([ruleOf(one), one.conditions, actionOf(one), linesOf(one.schedules)] as Json) === wanted
  return known.some((one) => one.action !== 'return' && isSame(one))
}

/** A script that is run again must not make all its rules again. */
const mustBeNew = (known: readonly KnownRule[], written: WrittenRule): void => {
  if (isKnownRule(known, written))
    throw new Unusable('duplicate key value: the cluster has a rule with the same types, checks and times already.')
}

/** Remembers what was sent of a rule, which gets a number if it has none. */
const keepSent = async (ruleId: string, sent: SentRule): Promise<void> => {
  await numbersOf('rule', [ruleId])
  await guarded(() => getPool().query('update pygmy_numbers set sent = $2 where rule_id = $1', [ruleId, JSON.stringify(sent)]))
}

const findByNumber = async (actor: Actor, number: number): Promise<{ rule: KnownRule; reverse: KnownRule | null } | null> => {
  const id = await objectOf('rule', number)
  if (id === null) return null
  const rules = await readKnownRules(actor)
  const rule = rules.find((one) => one.id === id)
  return rule ? { rule, reverse: rules.find(({ reverseOf }) => reverseOf === id) ?? null } : null
}

/** All of it anew, also its reverse rule, which goes where none is sent. */
export const changeRule = async (actor: Actor, number: number, sent: Sent, zone: string): Promise<RuleAnswer> => {
  const found = await findByNumber(actor, number)
  if (found === null) return { not_found: 'not found' }
  const { rule, reverse } = found
  const cluster = await clusterOf(actor, sent.cluster_id)
  if (cluster === null) return { error: 'Invalid cluster ID' }
  mustMayRule(actor, cluster)
  const resource = resourceByName('sizing-rule')!
  try {
    const written = readRule(sent)
    const fields = fieldsOf(written)
    const others = (await readKnownRules(actor)).filter(({ id, herdId }) => herdId === cluster.herdId && id !== rule.id)
    const name = freeName(
      written.name,
      others.map((one) => one.name),
    )
    const { herdId } = cluster
    const values = { ...fields, name, herdId, reverseOf: null, ...(await herdDefaults(herdId))(fields.action) }
    await changeRecord(actor, resource, rule.id, values, rule.revision)
    await keepSent(rule.id, {
      name: written.name,
      savedAs: name,
      action: written.action,
      rule: written.rule,
      conditions: fields.conditions,
    })
    if (written.reverse === null) {
      if (reverse) await deleteRecord(actor, resource, reverse.id)
    } else if (reverse === null) await addReverse(actor, cluster, { id: rule.id, name }, written.reverse, zone)
    else {
      const { revision } = await getRecord(actor, resource, reverse.id)
      await changeRecord(actor, resource, reverse.id, { herdId, schedules: written.reverse.runAt.join('\n') }, revision)
      await keepSent(reverse.id, { name: reverse.name, savedAs: reverse.name, action: written.reverse.action, rule: {}, conditions: '' })
    }
    return { success: true }
  } catch (error) {
    return unusable(error)
  }
}

/** With the rule that reverses it. Throws `record.missing`, `access.denied`. */
export const deleteRule = async (actor: Actor, number: number): Promise<void> => {
  const found = await findByNumber(actor, number)
  if (found === null) throw new Fault('record.missing', { because: `There is no rule ${number}.` })
  if (!mayIn(actor, 'sizing-rule.delete', found.rule.environmentId))
    throw new Fault('access.denied', { because: 'You do not have the permission sizing-rule.delete here.' })
  await deleteRecord(actor, resourceByName('sizing-rule')!, found.rule.id)
}
