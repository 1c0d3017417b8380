import { type Role, roles } from '@/lib/kernel/access/access'
import type { Caller } from './callers'
import type { Attempt, Law } from './law'
import { scriptLaws } from './script-laws'
import { digest, type Place, type World } from './world'

export type { Attempt, Law } from './law'

export const atLeast =
  (least: Role) =>
  ({ role }: Caller): boolean =>
    role !== null && roles.indexOf(role) >= roles.indexOf(least)
const inPerson = ({ kind }: Caller): boolean => kind === 'person'
const anybody = (): boolean => true
const nobody = (): boolean => false
const nowhere = '00000000-0000-4000-8000-000000000000'

const one = (kind: string) => (place: Place, world: World) => ({ params: { id: world.id(kind, place) } })
const none = () => ({})
const soon = () => new Date(Date.now() + 3_600_000).toISOString()

/** No worker is there: what was asked of one went past everybody who says no. */
const asked = 'worker.absent'

export const callLaws: Readonly<Record<string, Law>> = {
  'GET /metrics': { ask: none, may: atLeast('viewer'), done: [200], isPlaceless: true },
  'GET /api/v1/me': { ask: none, may: anybody, done: [200], isPlaceless: true },
  'GET /api/v1/operations': { ask: none, may: anybody, done: [200], isPlaceless: true },
  'GET /api/v1/certificate-key': { ask: none, may: anybody, done: [200, 404], isPlaceless: true },
  // The whole log: nobody’s who administers a part.
  'GET /api/v1/audit/verify': { ask: none, may: nobody, done: [200], isPlaceless: true },

  'GET /api/v1/instances/{id}/samples': { ask: one('instance'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/herds/{id}/samples': { ask: one('herd'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/servers/{id}/samples': { ask: one('server'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/fleet/samples': { ask: none, may: atLeast('viewer'), done: [200], isPlaceless: true },

  'POST /api/v1/tokens': {
    ask: (place, world) => ({ body: { name: 'x', role: 'viewer', environmentId: world.id('environment', place) } }),
    may: (caller) => inPerson(caller) && caller.role !== null,
    done: [201],
  },
  'DELETE /api/v1/tokens/{id}': { ask: one('token'), may: nobody, done: [204] },
  'DELETE /api/v1/sessions/{id}': { ask: one('session'), may: nobody, done: [204] },
  'PUT /api/v1/people/{id}/password': {
    ask: (place, world) => ({ params: { id: world.id('person', place) }, body: { password: 'a long enough password' } }),
    may: nobody,
    done: [204],
  },
  'POST /api/v1/enrolment-keys': {
    ask: (place, world) => ({ body: { name: 'k', environmentId: world.id('environment', place), expiresAt: soon() } }),
    may: (caller) => inPerson(caller) && atLeast('admin')(caller),
    done: [201],
  },
  'DELETE /api/v1/enrolment-keys/{id}': { ask: one('enrolment-key'), may: atLeast('admin'), done: [204] },

  'POST /api/v1/plans': {
    ask: (place, world) => ({ body: { operation: 'reload', targets: [world.id('instance', place)] } }),
    may: atLeast('operator'),
    done: [asked],
  },
  'GET /api/v1/plans/{id}': { ask: one('plan'), may: atLeast('viewer'), done: [200] },
  'POST /api/v1/plans/{id}/approve': {
    ask: (place, world) => ({ params: { id: world.id('plan', place) }, body: { digest } }),
    may: (caller) => inPerson(caller) && atLeast('operator')(caller),
    done: [204],
  },
  'POST /api/v1/runs': {
    ask: (place, world) => ({ body: { planId: world.id('plan', place), digest } }),
    may: atLeast('operator'),
    done: ['plan.approval', asked],
  },
  'POST /api/v1/scheduled-runs': {
    ask: (place, world) => ({ body: { planId: world.id('plan', place), digest, at: soon() } }),
    may: atLeast('operator'),
    done: ['plan.approval', asked],
  },
  'POST /api/v1/scheduled-runs/{id}/move': {
    ask: (place, world) => ({ params: { id: world.id('scheduled-run', place) }, body: { at: soon(), revision: 999 } }),
    may: atLeast('operator'),
    done: [409],
  },
  'POST /api/v1/scheduled-runs/{id}/cancel': { ask: one('scheduled-run'), may: atLeast('operator'), done: [204, 409] },
  'GET /api/v1/runs/{id}': { ask: one('run'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/runs/{id}/events': { ask: one('run'), may: atLeast('viewer'), done: [200] },
  // Nothing was asked of the databases by the run of the test: whose rows may be read is tried with them.
  'GET /api/v1/runs/{id}/results': { ask: one('run'), may: atLeast('viewer'), done: [200] },
  'POST /api/v1/runs/{id}/cancel': { ask: one('run'), may: atLeast('operator'), done: [409] },
  'POST /api/v1/runs/{id}/resume': {
    ask: (place, world) => ({ params: { id: world.id('run', place) }, body: { decision: 'resume', jobId: world.id('job', place) } }),
    may: atLeast('operator'),
    done: [409],
  },
  'POST /api/v1/runs/{id}/retry': { ask: one('run'), may: atLeast('operator'), done: [409] },
  'POST /api/v1/servers/check': {
    ask: (place, world) => ({ body: { serverId: world.id('server', place) } }),
    may: atLeast('operator'),
    done: [asked],
  },

  'GET /api/v1/instances/{id}/activity': { ask: one('instance'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/instances/{id}/log': { ask: one('instance'), may: atLeast('dba'), done: [200] },
  'GET /api/v1/herds/{id}/log': { ask: one('herd'), may: atLeast('dba'), done: [200] },
  'GET /api/v1/instances/{id}/settings': { ask: one('instance'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/herds/{id}/settings': { ask: one('herd'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/instances/{id}/statements': { ask: one('instance'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/instances/{id}/health': { ask: one('instance'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/herds/{id}/health': { ask: one('herd'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/instances/{id}/timeline': { ask: one('instance'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/herds/{id}/timeline': { ask: one('herd'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/servers/{id}/timeline': { ask: one('server'), may: atLeast('viewer'), done: [200] },
  'GET /api/v1/settings': {
    ask: (place, world) => ({ query: `environment=${world.id('environment', place)}` }),
    may: atLeast('viewer'),
    done: [200],
  },
  'GET /api/v1/herds/{id}/activity': { ask: one('herd'), may: atLeast('viewer'), done: [200] },

  'POST /api/v1/subscriptions/{id}/test': { ask: one('subscription'), may: atLeast('dba'), done: [asked] },
  'POST /api/v1/subscriptions/{id}/secret': {
    ask: one('subscription'),
    may: (caller) => inPerson(caller) && atLeast('dba')(caller),
    done: [asked, 'input.invalid', 201],
  },

  'POST /api/v1/sizing-rules/{id}/run': { ask: one('sizing-rule'), may: atLeast('dba'), done: [202] },
  'POST /api/v1/sizing-rules/{id}/approve': {
    ask: (place, world) => ({ params: { id: world.id('sizing-rule', place) }, body: { revision: 1 } }),
    may: (caller) => inPerson(caller) && atLeast('dba')(caller),
    done: [204, 409, 422],
  },
  'GET /api/v1/savings': { ask: none, may: atLeast('viewer'), done: [200], isPlaceless: true },
  'POST /api/v1/sizing-rules/{id}/dry-run': {
    ask: (place, world) => ({ params: { id: world.id('sizing-rule', place) }, body: {} }),
    may: atLeast('viewer'),
    done: [200, 422],
  },

  'POST /api/v1/blueprints/judge': {
    ask: (place, world) => ({ body: { id: world.id('blueprint', place), values: {} } }),
    may: atLeast('viewer'),
    done: [200],
  },
  'POST /api/v1/blueprints/import': {
    ask: (place, world) => ({
      body: {
        text: '{ kind: matriarch_blueprint, name: shop, regions: [eu-north-1], storageGb: 10 }',
        saves: true,
        environmentId: world.id('environment', place),
      },
    }),
    may: atLeast('dba'),
    done: [200, 'record.duplicate'],
  },
  'GET /api/v1/blueprints/schema': { ask: none, may: anybody, done: [200], isPlaceless: true },
  'GET /api/v1/blueprints/{id}/manifest': { ask: one('blueprint'), may: atLeast('viewer'), done: [200] },

  'POST /api/v1/herds/{id}/lock': {
    ask: (place, world) => ({ params: { id: world.id('herd', place) }, body: { reason: 'r', holder: 'h' } }),
    may: atLeast('dba'),
    done: [201, 409],
  },
  'GET /api/v1/herds/{id}/lock': { ask: one('herd'), may: atLeast('viewer'), done: [200] },
  'DELETE /api/v1/herds/{id}/lock': { ask: one('herd'), may: atLeast('admin'), done: [204, 404] },
  // A lock is known by its id alone, which nobody but its holder was told.
  'PUT /api/v1/locks/{id}': { ask: () => ({ params: { id: nowhere }, body: {} }), may: anybody, done: [409], isPlaceless: true },
  'DELETE /api/v1/locks/{id}': { ask: () => ({ params: { id: nowhere } }), may: anybody, done: [204], isPlaceless: true },

  'GET /api/v1/certificates/{id}/document': { ask: one('certificate'), may: atLeast('viewer'), done: [200] },

  'POST /api/v1/discovered-hosts/accept': {
    ask: (place, world) => ({
      body: { hosts: [{ id: world.id('discovered-host', place), environmentId: world.id('environment', place) }] },
    }),
    may: atLeast('dba'),
    done: [200],
    doneIn: ({ accepted }: { accepted: unknown[] }) => accepted.length > 0,
  },
  'POST /api/v1/discovered-instances/accept': {
    ask: (place, world) => ({ body: { instances: [{ id: world.id('discovered-instance', place), newHerd: { name: 'new' } }] } }),
    may: atLeast('viewer'),
    done: [200],
    // Which one it is already, to whoever may see it: the one of the test is registered.
    doneIn: ({ accepted }: { accepted: unknown[] }) => accepted.length > 0,
  },
  'POST /api/v1/machines/{id}/register': {
    ask: (place, world) => ({
      params: { id: world.id('machine', place) },
      body: { herd: `new-${place}`, endpointUser: 'watcher', usesIamToken: true },
    }),
    may: atLeast('dba'),
    // The one of the test is a machine of EC2.
    done: ['input.invalid'],
  },
  'POST /api/v1/machines/{id}/tie': {
    ask: (place, world) => ({ params: { id: world.id('machine', place) }, body: { serverId: null } }),
    may: atLeast('dba'),
    done: [204],
  },
  'POST /api/v1/machines/{id}/record': {
    ask: (place, world) => ({ params: { id: world.id('machine', place) }, body: { taken: [{ field: 'type', cloud: ['another'] }] } }),
    may: atLeast('dba'),
    // The one of the test has not drifted.
    done: ['record.conflict'],
  },
  'POST /api/v1/machines/ignore': {
    ask: (place, world) => ({ body: { ids: [world.id('machine', place)] } }),
    may: atLeast('dba'),
    done: [200],
    doneIn: ({ changed }: { changed: number }) => changed > 0,
  },
  'POST /api/v1/discovered-poolers/accept': {
    ask: (place, world) => ({ body: { poolers: [{ id: world.id('discovered-pooler', place), herdId: world.id('herd', place) }] } }),
    may: atLeast('viewer'),
    done: [200],
    doneIn: ({ accepted }: { accepted: unknown[] }) => accepted.length > 0,
  },
  'POST /api/v1/discovered-hosts/ignore': {
    ask: (place, world) => ({ body: { ids: [world.id('discovered-host', place)] } }),
    may: atLeast('dba'),
    done: [200],
    doneIn: ({ changed }: { changed: number }) => changed > 0,
  },

  'POST /api/v1/discovered-hosts/{id}/token': {
    ask: (place, world) => ({ params: { id: world.id('discovered-host', place) }, body: { decision: 'refuse' } }),
    may: atLeast('dba'),
    done: ['record.in-use'],
  },

  'GET /api/v1/environments/{id}/key': { ask: one('environment'), may: atLeast('viewer'), done: [200] },
  'POST /api/v1/environments/{id}/key': {
    ask: (place, world) => ({ params: { id: world.id('environment', place) }, body: { step: 'discard' } }),
    may: atLeast('admin'),
    done: ['record.in-use'],
  },
  'POST /api/v1/environments/{id}/allow-lowering': {
    ask: one('environment'),
    may: (caller) => inPerson(caller) && atLeast('admin')(caller),
    done: [204, 'record.in-use'],
  },

  ...scriptLaws,

  'GET /api/live/facts': { ask: none, may: anybody, done: [200], isPlaceless: true },
  'GET /api/live/fleet': { ask: none, may: anybody, done: [200], isPlaceless: true },
  'GET /api/live/herds/{id}': { ask: one('herd'), may: atLeast('viewer'), done: [200] },
  'GET /api/live/plans/{id}': { ask: one('plan'), may: atLeast('viewer'), done: [200] },
  'GET /api/live/runs/{id}': { ask: one('run'), may: atLeast('viewer'), done: [200] },
  'GET /api/rows/{resource}/sparklines': {
    ask: (place, world) => ({
      params: { resource: 'instances' },
      query: `ids=${world.id('instance', place)}&columns=lagChart,commitsChart`,
    }),
    may: (caller) => inPerson(caller) && atLeast('viewer')(caller),
    done: [200],
    doneIn: ({ rows }: { rows: object }) => Object.keys(rows).length > 0,
  },
  'GET /api/find': { ask: () => ({ query: 'q=her' }), may: inPerson, done: [200], isPlaceless: true },
}

/** Answers anybody, and the same. */
export const openCalls: readonly string[] = ['GET /api/health', 'GET /api/ready', 'GET /api/openapi.json']
/** Asks for a secret of a host’s own, which none of the callers has. */
export const hostCalls: Readonly<Record<string, Attempt>> = {
  'POST /api/v1/agent/enrol': { body: { hostname: 'h', addresses: [] } },
  'POST /api/v1/agent/reports': { body: {} },
  'POST /api/v1/agent/notices': { body: { hostname: 'h', instanceId: 'i-0123456789abcdef0', interruption: null, rebalance: null } },
}
/** Tried elsewhere, and where. */
export const elsewhere: Readonly<Record<string, string>> = {
  'GET /api/auth/{nextauth}': 'lib/auth/login.int.test.ts',
  'POST /api/auth/{nextauth}': 'lib/auth/login.int.test.ts',
  'GET /api/auth/oidc/start': 'lib/auth/provider-login.int.test.ts',
  'GET /api/auth/oidc/callback': 'lib/auth/provider-login.int.test.ts',
  'GET /api/auth/oidc/end': 'e2e/identity-provider.spec.ts',
  'POST /api/auth/oidc/backchannel': 'lib/auth/provider-login.int.test.ts',
  'POST /api/auth/passkey': 'lib/auth/passkeys/passkeys.int.test.ts',
}

/** What a server action is given, in one environment. Every export of a file of actions has its law. */
export interface ActionLaw {
  given: (place: Place, world: World) => unknown[]
  may: (caller: Caller) => boolean
  /** Codes of refusals that have another reason than who asks; success always is one. */
  done?: readonly string[]
  isPlaceless?: true
}

const id = (kind: string) => (place: Place, world: World) => [world.id(kind, place)]

export const actionLaws: Readonly<Record<string, ActionLaw>> = {
  rememberList: { given: () => ['herd', { density: 'dense' }], may: anybody, isPlaceless: true },
  listViews: { given: () => ['herd'], may: anybody, isPlaceless: true },
  saveView: { given: () => ['herd', 'mine', 'q=x', false], may: anybody, isPlaceless: true },
  removeView: { given: () => ['herd', nowhere], may: anybody, done: ['record.missing'], isPlaceless: true },
  saveRecord: {
    given: (place, world) => ['herd', world.id('herd', place), {}, 999],
    may: atLeast('dba'),
    done: ['record.conflict'],
  },
  // Only where it is refused: what is deleted here could not be tried again.
  removeRecord: { given: (_, world) => ['herd', world.id('herd', 'there')], may: nobody },
  startCheck: {
    given: (place, world) => ['check-server', world.id('server', place)],
    may: atLeast('operator'),
    done: [asked, 'limit.reached'],
  },
  findOptions: { given: () => ['instance', 'herdId', '', null], may: anybody, isPlaceless: true },
  askPlan: {
    given: (place, world) => [{ operation: 'reload', targets: [world.id('instance', place)] }],
    may: atLeast('operator'),
    done: ['limit.reached'],
  },
  pickInput: { given: (place, world) => ['herd', [world.id('server', place)]], may: anybody, isPlaceless: true },
  submitPlan: {
    given: (place, world) => [{ planId: world.id('plan', place), digest }],
    may: atLeast('operator'),
    done: ['plan.approval', asked],
  },
  schedulePlan: {
    given: (place, world) => [{ planId: world.id('plan', place), digest, at: soon() }],
    may: atLeast('operator'),
    done: ['plan.approval', asked],
  },
  moveScheduled: {
    given: (place, world) => [world.id('scheduled-run', place), { at: soon(), revision: 999 }],
    may: atLeast('operator'),
    done: ['record.conflict', 'run.closed'],
  },
  cancelScheduled: { given: id('scheduled-run'), may: atLeast('operator'), done: ['run.closed'] },
  // Of one’s own plan only, which these are not.
  askPlanApproval: { given: id('plan'), may: nobody },
  approvePlan: { given: (place, world) => [world.id('plan', place), digest, null], may: atLeast('operator') },
  cancelRun: { given: id('run'), may: atLeast('operator'), done: ['run.closed'] },
  decideJob: { given: (place, world) => [world.id('job', place), 'resume'], may: atLeast('operator'), done: ['run.closed'] },
  retryFailed: { given: (place, world) => [world.id('run', place), false], may: atLeast('operator'), done: ['plan.refused'] },
  acknowledgeProblem: {
    given: (place, world) => [{ kind: 'k', key: 'x', label: 'l', environmentId: world.id('environment', place), note: 'n', hours: 1 }],
    may: atLeast('operator'),
  },
  showProblemAgain: {
    given: (place, world) => [{ kind: 'k', key: 'x', label: 'l', environmentId: world.id('environment', place) }],
    may: atLeast('operator'),
  },
  // The people of the test have no password: each is asked, and none is believed.
  proveMyself: { given: () => ['x'], may: anybody, done: ['input.invalid', 'auth.throttled'], isPlaceless: true },
  addAuthenticator: { given: () => ['phone'], may: anybody, isPlaceless: true },
  // By an address without a name, as here, no browser gives a passkey.
  askMyPasskey: { given: () => [], may: anybody, isPlaceless: true },
  addPasskey: { given: () => ['key'], may: anybody, done: ['input.invalid'], isPlaceless: true },
  confirmNewPasskey: { given: () => ['key', {}], may: anybody, done: ['input.invalid'], isPlaceless: true },
  confirmFactor: { given: () => [crypto.randomUUID(), '000000'], may: anybody, done: ['record.missing'], isPlaceless: true },
  renameSecondFactor: { given: () => [crypto.randomUUID(), 'key'], may: anybody, done: ['record.missing'], isPlaceless: true },
  removeSecondFactor: { given: () => [crypto.randomUUID()], may: anybody, done: ['record.missing'], isPlaceless: true },
  // The people of the test have no second factor for the codes to stand in for.
  newRecoveryCodes: { given: () => [], may: nobody, isPlaceless: true },
  resetSecondFactors: { given: () => [crypto.randomUUID()], may: nobody, isPlaceless: true },
  testProvider: { given: () => [], may: nobody, isPlaceless: true },
  testDirectory: { given: () => ['', ''], may: nobody, isPlaceless: true },
  verifyAuditLog: { given: () => [], may: nobody, isPlaceless: true },
  releaseLock: { given: () => ['herd:x'], may: nobody, isPlaceless: true },
  breakHerdLock: { given: id('herd'), may: atLeast('admin'), done: ['record.missing'] },
}
