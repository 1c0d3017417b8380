'use server'

import { acknowledge, showAgain } from '@/db/fleet/acknowledge'
import { inputChoices } from '@/db/fleet/input-choices'
import { removeFactor, renameFactor, resetFactors } from '@/db/people/factors'
import { type Preferences, readPreferences, writePreferences } from '@/db/people/preferences'
import { mustAdminister } from '@/db/people/settings-view'
import { addRecord, changeRecord, deleteRecord, getRecord, referenceOptions } from '@/db/records/records'
import { addView, deleteView, listViews as readViews } from '@/db/records/views'
import { askForApproval } from '@/db/runs/approvals'
import { verifyAudit } from '@/db/trail/audit'
import {
  approvePlan as approve,
  askForPlan,
  breakLock,
  cancelRun as cancel,
  moveScheduled as moveAppointment,
  releaseLease,
  resumeJob,
  retryFailed as retry,
  scheduleRun,
  submitRun,
  targetsOf,
  cancelScheduled as unschedule,
  waitForPlan,
} from '@/jobs/requests'
import { requireActor } from '@/lib/auth/actor'
import { factorName } from '@/lib/auth/factor-name'
import { askPasskeyAgain, beginPasskey, confirmPasskey, type NewPasskeyQuestion, type PasskeyQuestion } from '@/lib/auth/passkeys'
import { proveAgain } from '@/lib/auth/prove'
import { beginAuthenticator, confirmAuthenticator, type NewFactor, renewRecoveryCodes } from '@/lib/auth/second-factor'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { checked } from '@/lib/kernel/ground/checked'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { InputChoice } from '@/lib/kernel/operation/input-pick'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import type { AuditVerdict } from '@/lib/shapes/audit'
import type { ListView, ReferenceOption } from '@/lib/shapes/list'
import type { Outcome } from '@/lib/shapes/outcome'
import type { Appointment, QuestionOf, ScheduledMove, Submission } from '@/lib/shapes/plan'
import { appointmentSchema, scheduledMoveSchema, submissionSchema } from '@/lib/shapes/plan-schema'
import { webPorts } from '@/lib/web-ports'
import { outcome } from './outcome'

const checkPlanTimeoutMs = 20_000

/** The resource a browser named. Throws `record.missing`. */
const namedResource = (name: string): Resource => {
  const resource = resourceByName(name)
  if (!resource) throw new Fault('record.missing', { because: 'There is no such kind of object.' })
  return resource
}

/** A list of ids that a browser sent. Throws `input.invalid`. */
const idsIn = (targets: unknown): string[] => {
  if (Array.isArray(targets)) return targets.map(String)
  throw new Fault('input.invalid', { fields: [{ path: 'targets', message: 'Must be a list of ids.' }] })
}

/** Columns and density, per person. `columns: null` goes back to the declaration's. */
const isColumn = ({ fields, list }: Resource, name: string): boolean =>
  Object.hasOwn(fields, name) || (list.sparklines ?? []).some((one) => one.name === name)

export const rememberList = async (resource: string, choice: { columns?: string[] | null; density?: 'dense' | 'roomy' }): Promise<void> => {
  const actor = await requireActor()
  const change: Preferences = {}
  if (typeof choice !== 'object' || choice === null) return
  if (choice.density === 'dense' || choice.density === 'roomy') change.density = choice.density
  if (choice.columns !== undefined) {
    const known = namedResource(resource)
    const wanted = Array.isArray(choice.columns) ? choice.columns : null
    const columns = wanted?.filter((name) => typeof name === 'string' && isColumn(known, name)) ?? null
    const { lists } = await readPreferences(actor.personId)
    change.lists = { ...lists, [known.name]: { columns: columns && columns.length > 0 ? columns : null } }
  }
  await writePreferences(actor.personId, change)
}

const viewsOf = async (actor: Actor, resource: string): Promise<ListView[]> =>
  (await readViews(actor, resource)).map(({ id, name, query, isShared, isOwn }) => ({ id, name, query, isShared, isOwn }))

const withViews = (resource: string, act: (actor: Actor) => Promise<unknown>): Promise<Outcome<ListView[]>> =>
  outcome(async (actor) => {
    await act(actor)
    return viewsOf(actor, namedResource(resource).name)
  })

export const listViews = async (resource: string): Promise<Outcome<ListView[]>> => withViews(resource, async () => {})

/** Saving under a name of one's own replaces that view. */
export const saveView = async (resource: string, name: string, query: string, isShared: boolean): Promise<Outcome<ListView[]>> =>
  withViews(resource, (actor) =>
    addView(actor, { resource: namedResource(resource).name, name: String(name), query: String(query), isShared: isShared === true }),
  )

export const removeView = async (resource: string, id: string): Promise<Outcome<ListView[]>> =>
  withViews(resource, (actor) => deleteView(actor, String(id)))

/** Adds (`id` null) or changes a record. */
export const saveRecord = async (
  resource: string,
  id: string | null,
  values: Record<string, Json>,
  revision: number | null,
): Promise<Outcome<{ id: string; revision: number }>> =>
  outcome(async (actor) => {
    const known = namedResource(resource)
    const savedId = id === null ? (await addRecord(actor, known, values)).id : id
    if (id !== null) await changeRecord(actor, known, id, values, Number(revision))
    return { id: savedId, revision: (await getRecord(actor, known, savedId)).revision }
  })

export const removeRecord = async (resource: string, id: string): Promise<Outcome<null>> =>
  outcome((actor) => deleteRecord(actor, namedResource(resource), String(id)).then(() => null))

/** Runs the check of a server or a zone: plan and submission in one, since it asks nobody anything and changes nothing. */
export const startCheck = async (operation: 'check-server' | 'check-zone', targetId: string): Promise<Outcome<{ runId: string }>> =>
  outcome(async (actor) => {
    if (operation !== 'check-server' && operation !== 'check-zone') throw new Fault('input.invalid')
    const { planId } = await askForPlan(actor, { operation, targets: [String(targetId)] })
    const { digest } = await waitForPlan(actor, planId, { timeoutMs: checkPlanTimeoutMs })
    const submitted = await submitRun(actor, { planId, digest: digest ?? '' })
    if (!submitted.submitted) throw new Fault('plan.moved', { because: 'It was changed at this moment. Check it again.' })
    return { runId: submitted.runId }
  })

/** What a reference field may point to, by the words typed so far. */
export const findOptions = async (
  resource: string,
  field: string,
  search: string,
  environmentId: string | null,
): Promise<Outcome<ReferenceOption[]>> =>
  outcome((actor) => referenceOptions(actor, namedResource(resource), String(field), { search: String(search), environmentId, limit: 20 }))

/** Asks a worker for a plan; nothing changes anywhere. */
export const askPlan = async (question: QuestionOf) =>
  outcome(async (actor) => {
    const { operation, targets, of, input, policy } = question ?? {}
    const ids = idsIn(targets)
    const belonging = typeof of === 'string' ? await targetsOf(actor, String(operation), of, ids) : ids
    return askForPlan(actor, { operation: String(operation), targets: belonging, input, policy })
  })

/** What an input of an operation may be picked from, for the targets of a plan. */
export const pickInput = async (of: string, targets: string[]): Promise<Outcome<InputChoice[]>> =>
  outcome((actor) => inputChoices(actor, String(of), idsIn(targets)))

/** Submits a plan that was read; when something changed meanwhile, nothing runs and the new plan is answered. */
export const submitPlan = async (submission: Submission): Promise<Outcome<{ runId: string } | { movedTo: string }>> =>
  outcome(async (actor) => {
    const submitted = await submitRun(actor, checked(submissionSchema, submission))
    return submitted.submitted ? { runId: submitted.runId } : { movedTo: submitted.moved.planId }
  })

/** Schedules a plan that was read; when something changed meanwhile, nothing is scheduled and the new plan is answered. */
export const schedulePlan = async (appointment: Appointment): Promise<Outcome<{ scheduledId: string } | { movedTo: string }>> =>
  outcome(async (actor) => {
    const scheduled = await scheduleRun(actor, checked(appointmentSchema, appointment))
    return scheduled.scheduled ? { scheduledId: scheduled.id } : { movedTo: scheduled.moved.planId }
  })

/** Moves a scheduled run to another time. `revision` is the one of the page. */
export const moveScheduled = async (scheduledId: string, move: ScheduledMove): Promise<Outcome<{ at: string }>> =>
  outcome(async (actor) => ({ at: (await moveAppointment(actor, String(scheduledId), checked(scheduledMoveSchema, move))).at }))

export const cancelScheduled = async (scheduledId: string): Promise<Outcome<null>> =>
  outcome((actor) => unschedule(actor, String(scheduledId)).then(() => null))

/** Puts the plan before those who may approve it. */
export const askPlanApproval = async (planId: string): Promise<Outcome<null>> =>
  outcome((actor) => askForApproval(actor, String(planId)).then(() => null))

/** The second person's word for exactly the plan with this digest, and for the time it waits for where it is scheduled. */
export const approvePlan = async (planId: string, digest: string, at: string | null): Promise<Outcome<null>> =>
  outcome((actor) => approve(actor, String(planId), String(digest), at === null ? undefined : String(at)).then(() => null))

export const cancelRun = async (runId: string): Promise<Outcome<null>> => outcome((actor) => cancel(actor, String(runId)).then(() => null))

/** A person's answer to a job that needs attention. */
export const decideJob = async (jobId: string, decision: 'resume' | 'abandon'): Promise<Outcome<null>> =>
  outcome((actor) => resumeJob(actor, String(jobId), decision === 'resume' ? 'resume' : 'abandon').then(() => null))

/** A new plan for the targets that did not end well, and `withCancelled` for those that were cancelled too. */
export const retryFailed = async (runId: string, withCancelled: boolean) =>
  outcome((actor) => retry(actor, String(runId), { withCancelled: withCancelled === true }))

/** Sets a problem of the front page aside for a while, and puts it back. */
export const acknowledgeProblem = async (wanted: unknown): Promise<Outcome<null>> =>
  outcome((actor) => acknowledge(actor, wanted).then(() => null))
export const showProblemAgain = async (item: unknown): Promise<Outcome<null>> => outcome((actor) => showAgain(actor, item).then(() => null))

/** The password of the person signed in (null: they have signed in at their provider again), and a code where they have a second factor, given again before what asks for a fresh proof. */
export const proveMyself = async (password: string | null, code?: string, passkey?: unknown): Promise<Outcome<null>> =>
  outcome((actor) => proveAgain(actor, { password, code, passkey }, webPorts().directory).then(() => null))
/** What one of their passkeys is to sign for it. */
export const askMyPasskey = async (): Promise<Outcome<PasskeyQuestion | null>> => outcome(askPasskeyAgain)

/** Second factors of the person signed in; the last one of somebody else who has lost theirs. */
export const addAuthenticator = async (name: string): Promise<Outcome<NewFactor>> => outcome((actor) => beginAuthenticator(actor, name))
export const confirmFactor = async (id: string, code: string): Promise<Outcome<string[] | null>> =>
  outcome((actor) => confirmAuthenticator(actor, String(id), code))
export const addPasskey = async (name: string): Promise<Outcome<NewPasskeyQuestion>> => outcome((actor) => beginPasskey(actor, name))
export const confirmNewPasskey = async (name: string, answer: unknown): Promise<Outcome<string[] | null>> =>
  outcome((actor) => confirmPasskey(actor, name, answer))
export const renameSecondFactor = async (id: string, name: string): Promise<Outcome<null>> =>
  outcome((actor) => renameFactor(actor, String(id), factorName(name)).then(() => null))
export const removeSecondFactor = async (id: string): Promise<Outcome<null>> =>
  outcome((actor) => removeFactor(actor, String(id)).then(() => null))
export const newRecoveryCodes = async (): Promise<Outcome<string[]>> => outcome((actor) => renewRecoveryCodes(actor))
export const resetSecondFactors = async (personId: string): Promise<Outcome<null>> =>
  outcome((actor) => resetFactors(actor, String(personId)).then(() => null))

/** Asks the directory step by step; with a user name also tries that login. */
export const testDirectory = async (userName: string, password: string) =>
  outcome(async (actor) => {
    mustAdminister(actor)
    const { directory } = webPorts()
    if (!directory) throw new Fault('input.invalid', { because: 'No directory is configured.' })
    return directory.check(userName === '' ? undefined : { userName: String(userName), password: String(password) })
  })

/** Asks the identity provider step by step. */
export const testProvider = async () =>
  outcome(async (actor) => {
    mustAdminister(actor)
    const { provider } = webPorts()
    if (!provider) throw new Fault('input.invalid', { because: 'No identity provider is configured.' })
    return provider.check()
  })

/** Recomputes the whole audit chain. */
export const verifyAuditLog = async (): Promise<Outcome<AuditVerdict>> =>
  outcome(async (actor) => {
    if (!mayIn(actor, 'audit.view', null)) throw new Fault('access.denied')
    return verifyAudit()
  })

export const releaseLock = async (name: string): Promise<Outcome<null>> =>
  outcome((actor) => releaseLease(actor, String(name)).then(() => null))

/** Takes a herd's lock from the person who holds it around work outside the console. */
export const breakHerdLock = async (herdId: string): Promise<Outcome<null>> =>
  outcome((actor) => breakLock(actor, String(herdId)).then(() => null))
