/** What a script sent, or what pygmy's own tables hold of it: nothing about it is certain. */
export type Sent = Readonly<Record<string, unknown>>

/** The column `rule` of a rule, as pygmy answers it. Values stay as they came: strings stay strings. */
export type PygmyRule = Record<string, unknown>

/** What `/v1/api` was sent of a rule, kept so that it is answered as it came. */
export interface SentRule {
  /** Names may be given twice there, and be longer. */
  name: string
  /** What our rule was called because of it; once it is called otherwise, that name is answered. */
  savedAs: string
  action: string
  rule: PygmyRule
  /** What the conditions were made of; once the rule has others, its checks are not answered any more. */
  conditions: string
}

export interface WrittenRule {
  name: string
  action: 'SCALE_UP' | 'SCALE_DOWN'
  rule: PygmyRule
  runAt: string[]
  /** null: it has none. */
  reverse: { action: 'SCALE_UP' | 'SCALE_DOWN'; runAt: string[] } | null
}

/** Something that was sent cannot be used, as a sentence. */
export class Unusable extends Error {}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

const checks = [
  { name: 'replicationLag', on: 'enableReplicationLag', op: 'selectReplicationLagOp' },
  { name: 'checkConnection', on: 'enableCheckConnection', op: 'selectCheckConnectionOp' },
  { name: 'averageLoad', on: 'enableAverageLoad', op: 'selectAverageLoadOp' },
] as const

type CheckName = (typeof checks)[number]['name']

const signs: Readonly<Record<string, string>> = { equal: '=', greater: '>', less: '<' }

/** What the body of `POST` or `PUT /v1/api/rules` says. Throws `Unusable`; what pygmy says of a name or an action that is missing is “Bad Data!”. */
export const readRule = (sent: Sent): WrittenRule => {
  if (!isGiven(sent.name) || !isGiven(sent.action)) throw new Unusable('Bad Data!')
  const rule: PygmyRule = {}
  for (const key of ['ec2_default_type', 'ec2_role_types', 'rds_default_type', 'rds_role_types']) rule[key] = sent[key] ?? null
  for (const { name, on, op } of checks) if (sent[on] === 'on') rule[name] = { op: sent[op] ?? null, value: sent[name] ?? null }
  if (sent.enableRetry === 'on') rule.retry = { retry_after: sent.retryAfter ?? 15, retry_max: sent.retryMax ?? 3 }
  if (isAny(sent.conditionLogic)) rule.logic = 'ANY'
  const written = { name: String(sent.name), action: actionOf(sent.action, 'action'), rule, runAt: timesOf(sent, 'cronTime', 'dailyTime') }
  const reverse = isOn(sent.enableReverse)
    ? { action: actionOf(sent.reverse_action, 'reverse_action'), runAt: timesOf(sent, 'reverseCronTime', 'reverseDailyTime') }
    : null
  return { ...written, reverse }
}

const isAny = (logic: unknown): boolean => typeof logic === 'string' && logic.toUpperCase() === 'ANY'

/** pygmy takes “off” for yes; nobody who writes it means that. */
const isOn = (value: unknown): boolean =>
  typeof value === 'string' ? !['', 'off', 'false', 'no', '0'].includes(value.toLowerCase()) : Boolean(value)

const actionOf = (value: unknown, field: string): WrittenRule['action'] => {
  if (value === 'SCALE_UP' || value === 'SCALE_DOWN') return value
  throw new Unusable(`${field} is SCALE_DOWN or SCALE_UP.`)
}

/** One string or several; a day's time is the first of them. */
const timesOf = (sent: Sent, cron: string, daily: string): string[] => {
  if (!isGiven(sent.typeTime)) throw new Unusable('typeTime is DAILY or CRON.')
  const isDaily = String(sent.typeTime).toUpperCase() === 'DAILY'
  const field = isDaily ? daily : cron
  const value = sent[field]
  const times = (Array.isArray(value) ? value : [value]).filter(isGiven).map((one) => String(one).trim())
  if (times.length === 0) throw new Unusable(`${field} is needed: ${isDaily ? '22:30' : '["0 22 * * *"]'}.`)
  return isDaily ? times.slice(0, 1) : times
}

/** The fields of a sizing rule that follow from what was written. Throws `Unusable`. */
export interface RuleFields {
  action: 'down' | 'up'
  type: string
  memberTypes: string[]
  schedules: string
  conditions: string
  retryMinutes: number | null
  retryMax: number | null
}

/** `rule` is as pygmy keeps it. Throws `Unusable`. */
export const fieldsOf = ({ action, rule, runAt }: Pick<WrittenRule, 'action' | 'rule' | 'runAt'>): RuleFields => {
  const type = rule.ec2_default_type ?? rule.rds_default_type
  if (!isGiven(type)) throw new Unusable('ec2_default_type is needed: the type that standbys become, such as m5.large.')
  const roles = rule.ec2_role_types ?? rule.rds_role_types ?? []
  if (!Array.isArray(roles)) throw new Unusable('ec2_role_types is a list such as ["Backup:m5.large"].')
  const retry = rule.retry as Sent | undefined
  return {
    action: action === 'SCALE_DOWN' ? 'down' : 'up',
    type: String(type),
    memberTypes: roles.map(String),
    schedules: runAt.join('\n'),
    conditions: conditionsOf(action, rule),
    retryMinutes: retry === undefined ? null : wholeOf(retry.retry_after, 'retryAfter'),
    retryMax: retry === undefined ? null : wholeOf(retry.retry_max, 'retryMax'),
  }
}

/** Of a shrink the load is that of the primary with what it takes over; of a growth the primary’s own, which has it by then. */
const figures: Readonly<Record<CheckName, (action: WrittenRule['action']) => string>> = {
  replicationLag: () => 'lagSeconds',
  checkConnection: () => 'busyClients',
  averageLoad: (action) => (action === 'SCALE_DOWN' ? 'combined.load' : 'primary.load'),
}

const conditionsOf = (action: WrittenRule['action'], rule: PygmyRule): string =>
  checks
    .flatMap(({ name, op }) => {
      const check = rule[name] as Sent | undefined
      if (check === undefined) return []
      const sign = signs[String(check.op)]
      if (sign === undefined) throw new Unusable(`${op} is equal, greater or less.`)
      return `${figures[name](action)} ${sign} ${numberOf(check.value, name)}`
    })
    .join(isAny(rule.logic) ? ' or ' : ' and ')

const numberOf = (value: unknown, field: string): number => {
  const number = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : Number.NaN
  if (!Number.isFinite(number) || Math.abs(number) >= 1e15) throw new Unusable(`${field} is a number.`)
  return Math.round(number * 1e6) / 1e6
}

const wholeOf = (value: unknown, field: string): number => {
  const number = numberOf(value, field)
  if (!Number.isInteger(number)) throw new Unusable(`${field} is a whole number.`)
  return number
}

/** What pygmy's own column holds has no word for ANY: that stands beside it. */
export const shownRule = ({ logic: _logic, ...rule }: PygmyRule): PygmyRule => rule
