import { addLocalAdmin } from '@/db/people/people'
import { getPool } from '@/db/pg/client'
import { plan } from '@/e2e/harness/submit'
import { resumeJob, scheduleRun, submitRun } from '@/jobs/requests'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Decision, JobState } from '@/lib/kernel/ground/journal'
import type { Json, JsonObject } from '@/lib/kernel/ground/json'
import type { Plan, PlanTarget } from '@/lib/kernel/operation/plan'
import { operationByName } from '@/lib/operations'
import { allHerds } from '@/lib/playground/services/patroni/as-herd'
import type { Submission } from '@/lib/shapes/plan'
import type { HoldPoint } from './holds'
import type { Place } from './place'
import type { StepOf } from './words'

/** An operation that somebody ordered. */
export interface Order {
  name: string
  operation: string
  /** Why nothing was submitted; null: it was. */
  refused: string | null
  runId: string | null
  /** Scheduled for a time: its run starts then, or is skipped. */
  scheduledId: string | null
  /** All that its plan said. */
  plan: string
}

const personName = 'dba'
const nothing = { runId: null, scheduledId: null }

/** The world may move between plan and submission: a person reads the new plan and submits that. */
const plansMax = 3

/** Plans, types the phrase and submits. A refusal is an answer, not an error. */
export const placeOrder = async (place: Place, { order: operation, on, input, as, later }: StepOf<'order'>): Promise<Order> => {
  const question = { operation, targets: await targetsOf(place, operation, on), input: await inputOf(place, input) }
  const made = await plan(question)
  const order = (refused: string | null, submitted: Pick<Order, 'runId' | 'scheduledId'>, targets: readonly PlanTarget[]): Order => ({
    name: as ?? operation,
    operation,
    refused: refused && place.plain(refused),
    ...submitted,
    plan: place.plain(JSON.stringify(targets)),
  })
  let next = { planId: made.id, plan: made.plan! }
  for (let count = 0; count < plansMax; count += 1) {
    const { targets, digest, phrase } = next.plan
    const excluded = targets.find(({ eligible }) => !eligible)
    if (excluded) return order(excluded.reason, nothing, targets)
    try {
      const submission = { planId: next.planId, digest, phrase: phrase ?? undefined }
      const answer = later === undefined ? await submitNow(submission) : await putOff(submission, later)
      if (!('moved' in answer)) return order(null, answer, targets)
      next = answer.moved
    } catch (error) {
      if (isFault(error, 'plan.refused')) return order((error as Fault).message, nothing, targets)
      throw error
    }
  }
  throw new Fault('plan.moved', { because: `The world moved ${plansMax} times between plan and submission.` })
}

type Answer = Pick<Order, 'runId' | 'scheduledId'> | { moved: { planId: string; plan: Plan } }

const submitNow = async (submission: Submission): Promise<Answer> => {
  const answer = await submitRun(systemActor, submission)
  return answer.submitted ? { ...nothing, runId: answer.runId } : { moved: answer.moved }
}

/** Only a signed-in person can schedule a run: it runs in their name. */
const putOff = async (submission: Submission, ms: number): Promise<Answer> => {
  await addLocalAdmin(personName, 'no password fits this')
  const { rows } = await getPool().query<{ id: string }>('select id from people where user_name = $1', [personName])
  const dba: Actor = { kind: 'person', personId: rows[0]!.id, name: personName, grants: [{ role: 'admin', environmentId: null }] }
  const answer = await scheduleRun(dba, { ...submission, at: new Date(Date.now() + ms).toISOString() })
  return answer.scheduled ? { ...nothing, scheduledId: answer.id } : { moved: answer.moved }
}

export const holdPointOf = (words: StepOf<'order'>, herdId: string): HoldPoint | null => {
  const { 'hold before': before, 'hold after': after, 'hold at': final } = words
  if (before !== undefined) return { herdId, when: 'before', step: before }
  if (after !== undefined) return { herdId, when: 'after', step: after }
  return final === undefined ? null : { herdId, when: 'final' }
}

export const herdId = async ({ herd }: Place, name?: string): Promise<string> =>
  idBy('select id from herds where name = $1', [herd(name).name])

const targetsOf = (place: Place, operation: string, on: readonly string[] | undefined): Promise<string[]> =>
  Promise.all((on ?? [undefined]).map((one) => targetOf(place, operation, one)))

/** On a herd, or on what the named host has: its member, its pooler, or itself. */
const targetOf = async (place: Place, operation: string, on: string | undefined): Promise<string> => {
  const resource = operationByName(operation)!.on
  if (resource === 'dr-pair' || resource === 'herd') return herdId(place, on)
  if (on === undefined) throw new Error(`${operation} is done on a host: say which one with “on: …”.`)
  if (resource === 'instance') return memberId(place, on)
  if (resource === 'pooler')
    return idBy('select p.id from poolers p join servers s on s.id = p.server_id where s.hostname = $1', [place.host(on)])
  return idBy('select id from servers where hostname = $1', [place.host(on)])
}

const memberId = (place: Place, host: string): Promise<string> =>
  idBy(
    'select i.id from instances i join servers s on s.id = i.server_id join herds h on h.id = i.herd_id where s.hostname = $1 and h.name = $2',
    [place.host(host), herdOn(place, host)],
  )

const herdOn = ({ lab, host: real }: Place, host: string): string | undefined =>
  allHerds(lab.fleet).find(({ members }) => members.some((one) => one.host === real(host)))?.name

const idBy = async (sql: string, values: unknown[]): Promise<string> => {
  const { rows } = await getPool().query<{ id: string }>(sql, values)
  if (!rows[0]) throw new Error(`The console knows nothing of ${values.join(', ')}.`)
  return rows[0].id
}

/** A host’s name stands for its member, a herd’s for the herd as the console calls it, and `… on HOST` is a title. */
const inputOf = async (place: Place, input: Record<string, unknown>): Promise<JsonObject> => {
  const translate = async (value: unknown): Promise<Json> => {
    if (typeof value !== 'string') return value as Json
    if (herdOn(place, value)) return memberId(place, value)
    if (place.herds.includes(value)) return place.herd(value).name
    return value.replaceAll(/(?<= on )\S+/g, (host) => (place.hosts().includes(place.host(host)) ? place.host(host) : host))
  }
  const entries = await Promise.all(Object.entries(input).map(async ([key, value]) => [key, await translate(value)] as const))
  return Object.fromEntries(entries)
}

interface JobSeen {
  id: string
  herdId: string | null
  state: JobState | 'skipped'
  because: string | null
}

const runIdOf = async ({ runId, scheduledId }: Order): Promise<string | null> =>
  scheduledId === null ? runId : ((await scheduledOf(scheduledId))?.run_id ?? null)

const scheduledOf = async (id: string) => {
  const sql = 'select state, because, run_id from scheduled_runs where id = $1'
  const { rows } = await getPool().query<{ state: string; because: string | null; run_id: string | null }>(sql, [id])
  return rows[0]
}

/** One for each of its targets. None: there is none, or none yet. */
export const jobsOf = async (order: Order): Promise<JobSeen[]> => {
  const scheduled = order.scheduledId === null ? undefined : await scheduledOf(order.scheduledId)
  if (scheduled?.state === 'skipped') return [{ id: order.scheduledId!, herdId: null, state: 'skipped', because: scheduled.because }]
  const sql = 'select id, herd_id as "herdId", state, because from jobs where run_id = $1 order by id'
  return (await getPool().query<JobSeen>(sql, [await runIdOf(order)])).rows
}

/** All that plan, journal and reason say. */
export const saidOf = async (place: Place, order: Order): Promise<string> => {
  const { rows } = await getPool().query<{ said: string }>(
    `select string_agg(data::text, ' ') as said from journal where run_id = $1 union all select because from jobs where run_id = $1`,
    [await runIdOf(order)],
  )
  return place.plain([order.refused, order.plan, ...rows.map(({ said }) => said)].join(' '))
}

export const certificateOf = async (order: Order): Promise<string | null> =>
  (await getPool().query<{ verdict: string }>('select verdict from certificates where run_id = $1', [await runIdOf(order)])).rows[0]
    ?.verdict ?? null

/** Seconds of each step that took any time, in order. */
export const timesOf = async (order: Order): Promise<string> => {
  const { rows } = await getPool().query<{ step: string; ms: number }>(
    `select step, sum((data->>'tookMs')::float8) as ms from journal where run_id = $1 and kind in ('finished', 'undone', 'released')
     group by step having sum((data->>'tookMs')::float8) >= 5 order by min(seq)`,
    [await runIdOf(order)],
  )
  return rows.map(({ step, ms }) => `${step} ${(ms / 1000).toFixed(2)} s`).join(' · ')
}

/** When its first step failed, as the console's database says it; null: none has. */
export const failedAt = async (order: Order): Promise<string | null> => {
  const { rows } = await getPool().query<{ at: string | null }>(
    `select min(at)::text as at from journal where run_id = $1 and kind = 'failed'`,
    [await runIdOf(order)],
  )
  return rows[0]?.at ?? null
}

export const decideOn = async (order: Order, decision: Decision): Promise<void> => {
  const jobs = await jobsOf(order)
  if (jobs.length === 0) throw new Error(`${order.name} was not submitted, so there is nothing to decide.`)
  const asking = jobs.filter(({ state }) => state === 'attention')
  for (const { id } of asking.length > 0 ? asking : jobs) await resumeJob(systemActor, id, decision)
}
