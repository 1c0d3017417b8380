import { limitsOf, limitWords, showHealthValue } from '@/lib/domain/health/judge'
import type { HealthDetails, HealthKind, HealthRemedy, HealthSeverity } from '@/lib/domain/health/kind'
import { healthKinds, staleHours } from '@/lib/domain/health/kinds'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { operationByName } from '@/lib/operations'
import { mayRun } from '@/lib/operations/may-run'
import { type Health, type HealthCheck, type HealthFinding, type HealthState, healthStates } from '@/lib/shapes/health'
import { watchLooks } from '../fleet/live-looks'
import { databaseFault, getPool } from '../pg/client'

interface Member {
  id: string
  title: string
  role: string
  version: string | null
}
interface LookRow {
  instanceId: string
  kind: string
  seenAt: Date | null
  because: string | null
  notApplicable: string | null
  worstValue: number | null
  worstObject: string | null
}
interface FindingRow {
  instanceId: string
  kind: string
  database: string
  object: string
  severity: HealthSeverity
  value: number
  details: HealthDetails
  since: Date
  lookedAt: Date
}
interface Subject {
  title: string
  environmentId: string
  herdId: string
  isOn: boolean
  lines: string[]
}

const subjectSql: Record<Health['of'], string> = {
  instance: `select i.title, i.environment_id as "environmentId", i.herd_id as "herdId", e.looks_at_health as "isOn", e.health_limits as lines
    from instances i join environments e on e.id = i.environment_id where i.id = $1`,
  herd: `select h.name as title, h.environment_id as "environmentId", h.id as "herdId", e.looks_at_health as "isOn", e.health_limits as lines
    from herds h join environments e on e.id = h.environment_id where h.id = $1`,
}
const lookNow = { kind: 'health', question: '', everySeconds: 30 } as const
const patience = { freshMs: 0, waitMs: 45_000 }
const hourMs = 3_600_000
/** Of each kind; the worst are shown. */
const findingsMax = 100

/**
 * What was found about to break in an instance, or in the members of a herd; what is asked once a herd stands on the page of each member. What nobody has looked
 * at for long is unknown, whatever it was. Throws `record.missing`, `database.down`.
 */
export const readHealth = async (
  actor: Actor,
  { of, id }: Pick<Health, 'of' | 'id'>,
  { isNow, signal }: { isNow: boolean; signal?: AbortSignal },
): Promise<Health> => {
  if (!uuidPattern.test(id)) throw new Fault('record.missing')
  try {
    const subject = (await getPool().query<Subject>(subjectSql[of], [id])).rows[0]
    if (subject === undefined || !mayIn(actor, 'instance.view', subject.environmentId)) throw new Fault('record.missing')
    const { rows: members } = await getPool().query<Member>(
      `select id, title, role, version from instances where herd_id = $1 order by role <> 'primary', title limit 100`,
      [subject.herdId],
    )
    const because = isNow && subject.isOn ? await lookedAt(members, of === 'instance' ? [id] : null, signal) : null
    const ids = members.map((member) => member.id)
    const [looks, findings] = await Promise.all([
      getPool().query<LookRow>(
        `select instance_id as "instanceId", kind, seen_at as "seenAt", because, not_applicable as "notApplicable", worst_value as "worstValue",
           worst_object as "worstObject" from health_looks where instance_id = any($1::uuid[])`,
        [ids],
      ),
      getPool().query<FindingRow>(
        `select instance_id as "instanceId", kind, database, object, severity, value, details, since, looked_at as "lookedAt"
         from health_findings where instance_id = any($1::uuid[]) order by severity = 'critical' desc, severity = 'warning' desc, value desc, database, object`,
        [ids],
      ),
    ])
    const seen: Seen = {
      actor,
      ...subject,
      members,
      // What is asked once is of the whole herd.
      shown: (kind) => members.filter((member) => of === 'herd' || kind.asks !== 'every' || member.id === id),
      looks: looks.rows,
      findings: findings.rows,
      now: Date.now(),
    }
    const checks = healthKinds.map((kind) => checkOf(kind, seen))
    return {
      ...{ of, id, title: subject.title, environmentId: subject.environmentId, isOn: subject.isOn, because },
      state: subject.isOn ? worstState(checks.map(({ state }) => state)) : 'off',
      checks,
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

interface Seen extends Subject {
  actor: Actor
  members: readonly Member[]
  shown: (kind: HealthKind) => readonly Member[]
  looks: readonly LookRow[]
  findings: readonly FindingRow[]
  now: number
}

const worstState = (states: readonly HealthState[]): HealthState =>
  healthStates.find((one) => (one === 'healthy' || one === 'unknown' || one === 'critical' || one === 'warning') && states.includes(one)) ??
  'unknown'

/** Has a worker look now; why it saw nothing. The whole herd is asked, for what one member is asked for all; `wanted`: whose silence counts. */
const lookedAt = async (members: readonly Member[], wanted: readonly string[] | null, signal?: AbortSignal): Promise<string | null> => {
  const looks = await watchLooks<unknown>(
    members.map(({ id }) => id),
    lookNow,
    { ...patience, signal },
  )
  const silent = members.filter(({ id }) => (wanted?.includes(id) ?? true) && looks.get(id)?.because != null)
  return silent.length === 0 ? null : silent.map(({ id, title }) => `${title}: ${looks.get(id)!.because}`).join(' ')
}

const checkOf = (kind: HealthKind, seen: Seen): HealthCheck => {
  const limits = limitsOf(kind, seen.lines)
  const shown = seen.shown(kind)
  const titles = new Map(shown.map(({ id, title }) => [id, title]))
  const isStale = (at: Date | null) => at === null || seen.now - at.getTime() > staleHours(kind) * hourMs
  const looks = seen.looks.filter((one) => one.kind === kind.name && titles.has(one.instanceId))
  const findings = seen.findings.filter((one) => one.kind === kind.name && titles.has(one.instanceId))
  const fresh = findings.filter(({ lookedAt }) => !isStale(lookedAt))
  const expected = kind.asks === 'every' ? shown.length : 1
  const isKnown = looks.filter(({ seenAt }) => !isStale(seenAt)).length >= expected && looks.length > 0
  const stateNow = (): HealthState => {
    if (limits.isOff || !seen.isOn) return 'off'
    for (const severity of ['critical', 'warning'] as const) if (fresh.some((one) => one.severity === severity)) return severity
    if (!isKnown) return 'unknown'
    return looks.every(({ notApplicable }) => notApplicable !== null) ? 'not-applicable' : 'healthy'
  }
  const major = Number(parsePgVersion(shown[0]?.version ?? '')?.major ?? 17)
  const show = (value: number) => showHealthValue(value, kind.unit)
  return {
    ...{
      kind: kind.name,
      title: kind.title,
      what: kind.what,
      asks: kind.asks,
      everyHours: kind.everyHours,
      cost: kind.cost,
      unit: kind.unit,
    },
    state: stateNow(),
    question: kind.question(major).trim(),
    isSql: kind.of === 'instance' || kind.of === 'database',
    ...{ worse: kind.worse, warning: limits.warning, critical: limits.critical, limits: limitWords(kind, limits) },
    looks: looks.map((one) => ({
      instanceId: one.instanceId,
      title: titles.get(one.instanceId)!,
      seenAt: one.seenAt?.toISOString() ?? null,
      because: one.because,
      notApplicable: one.notApplicable,
      worst: one.worstValue === null ? null : `${show(one.worstValue)}${one.worstObject ? ` (${one.worstObject})` : ''}`,
    })),
    findings: limits.isOff ? [] : findings.slice(0, findingsMax).map((one) => findingOf(kind, one, seen, isStale(one.lookedAt))),
  }
}

const findingOf = (kind: HealthKind, row: FindingRow, seen: Seen, isStale: boolean): HealthFinding => {
  const member = seen.members.find(({ id }) => id === row.instanceId)!
  const { database, object, value, details, severity } = row
  const remedy = kind.remedy({ database, object, value, details, isStandby: member.role === 'standby' })
  // What is the same on every member is mended where it may be written.
  const target = kind.asks === 'every' ? member : (seen.members.find(({ role }) => role === 'primary') ?? null)
  return {
    ...{ instanceId: row.instanceId, title: member.title, database, object, value, details },
    state: isStale ? 'unknown' : severity === 'none' ? 'watched' : severity,
    was: severity,
    shown: showHealthValue(value, kind.unit),
    since: row.since.toISOString(),
    seenAt: row.lookedAt.toISOString(),
    remedy: { text: remedy.text, statement: remedy.statement ?? null, operation: offered(seen, remedy, target) },
  }
}

const offered = (
  { actor, environmentId }: Seen,
  { operation }: HealthRemedy,
  target: Member | null,
): HealthFinding['remedy']['operation'] => {
  if (operation === undefined || target === null || !mayRun(actor, operation.name, environmentId)) return null
  return { ...operation, title: operationByName(operation.name)!.verb, targetId: target.id, input: { ...operation.input } }
}
