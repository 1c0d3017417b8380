import type { ImportShown, JudgedBlueprint } from './blueprints'
import type { KeyStep } from './environment-key'
import type { Accepted, HostTokenDecision } from './inbox'
import type { DryRunShown } from './sizing'

declare const answers: unique symbol
/** A call of the console's own API, and the JSON that answers it (null: none). */
export interface WriteCall<Answer> {
  method: 'POST' | 'DELETE'
  /** Below `/api/v1/`. */
  path: string
  body?: object
  readonly [answers]?: Answer
}

/** Its secret is shown this once. */
export interface MadeToken {
  id: string
  token: string
}

/** Its secret is shown this once. */
export interface MadeEnrolmentKey {
  id: string
  key: string
}

/** Its secret is shown this once. */
export interface RenewedSecret {
  secret: string
  /** ISO time until which the one before it signs as well; null: there was none. */
  previousUntil: string | null
}

/** What came of a test message. */
export interface TriedMessage {
  id: string
  state: 'waiting' | 'sent' | 'given-up' | 'folded'
  answer: string | null
}

/** How the console logs in to a DB instance that is registered, and the herd that it becomes a member of. */
export interface DbRegistrationSent {
  herd: string
  endpointUser: string
  usesIamToken: boolean
  endpointPassword: string | null
}

export interface Ignored {
  /** How many were not before. */
  changed: number
  /** Those that were so before, that do not exist, or that the caller may not change. */
  unchanged: string[]
}

/** What the console's own pages change through its API, which checks what is sent. */
export const writes = {
  accept: (path: string, found: object): WriteCall<Accepted> => ({ method: 'POST', path: `${path}/accept`, body: found }),
  ignore: (ids: readonly string[]): WriteCall<Ignored> => ({ method: 'POST', path: 'discovered-hosts/ignore', body: { ids } }),
  keyStep: (environmentId: string, step: KeyStep): WriteCall<null> => ({
    method: 'POST',
    path: `environments/${environmentId}/key`,
    body: { step },
  }),
  allowLowering: (environmentId: string): WriteCall<null> => ({ method: 'POST', path: `environments/${environmentId}/allow-lowering` }),
  hostToken: (id: string, decision: HostTokenDecision): WriteCall<null> => ({
    method: 'POST',
    path: `discovered-hosts/${id}/token`,
    body: { decision },
  }),
  registerDb: (machineId: string, wanted: DbRegistrationSent): WriteCall<{ serverId: string; herdId: string; instanceId: string }> => ({
    method: 'POST',
    path: `machines/${machineId}/register`,
    body: wanted,
  }),
  tieMachine: (id: string, serverId: string | null): WriteCall<null> => ({
    method: 'POST',
    path: `machines/${id}/tie`,
    body: { serverId },
  }),
  recordMachine: (id: string, taken: readonly { field: string; cloud: readonly string[] }[]): WriteCall<null> => ({
    method: 'POST',
    path: `machines/${id}/record`,
    body: { taken },
  }),
  ignoreMachines: (ids: readonly string[], isIgnored: boolean): WriteCall<Ignored> => ({
    method: 'POST',
    path: 'machines/ignore',
    body: { ids, isIgnored },
  }),
  addToken: (wanted: object): WriteCall<MadeToken> => ({ method: 'POST', path: 'tokens', body: wanted }),
  addEnrolmentKey: (wanted: object): WriteCall<MadeEnrolmentKey> => ({ method: 'POST', path: 'enrolment-keys', body: wanted }),
  testSubscription: (id: string): WriteCall<TriedMessage> => ({ method: 'POST', path: `subscriptions/${id}/test` }),
  renewSecret: (id: string): WriteCall<RenewedSecret> => ({ method: 'POST', path: `subscriptions/${id}/secret` }),
  decideRule: (id: string): WriteCall<{ id: string }> => ({ method: 'POST', path: `sizing-rules/${id}/run` }),
  approveRule: (id: string, revision: number): WriteCall<null> => ({
    method: 'POST',
    path: `sizing-rules/${id}/approve`,
    body: { revision },
  }),
  dryRunRule: (id: string, days: number): WriteCall<DryRunShown> => ({
    method: 'POST',
    path: `sizing-rules/${id}/dry-run`,
    body: { days },
  }),
  judgeBlueprint: (id: string | null, values: object): WriteCall<JudgedBlueprint> => ({
    method: 'POST',
    path: 'blueprints/judge',
    body: { id, values },
  }),
  importBlueprint: (asked: object): WriteCall<ImportShown> => ({ method: 'POST', path: 'blueprints/import', body: asked }),
  end: (path: string, id: string): WriteCall<null> => ({ method: 'DELETE', path: `${path}/${id}` }),
}
