import { type Role, roles } from '@/lib/kernel/access/access'
import type { Caller } from './callers'
import type { Law } from './law'
import { type Place, scriptNumbers } from './world'

/** `/v1/api` takes tokens, and no login of a browser. */
const byToken =
  (least: Role) =>
  ({ kind, role }: Caller): boolean =>
    kind === 'token' && role !== null && roles.indexOf(role) >= roles.indexOf(least)

const one = (body?: object) => (place: Place) => ({ params: { id: String(scriptNumbers[place]) }, ...(body ? { body } : {}) })
const list: Law = { ask: () => ({}), may: byToken('viewer'), done: [200], isPlaceless: true }
const called = (body?: object) => (place: Place) => ({ params: { name: `herd-${place}` }, ...(body ? { body } : {}) })
const rule = (place: Place) => ({
  name: 'shrink',
  cluster_id: scriptNumbers[place],
  action: 'SCALE_DOWN',
  typeTime: 'CRON',
  cronTime: [`${Math.floor(Math.random() * 60)} ${Math.floor(Math.random() * 24)} ${1 + Math.floor(Math.random() * 28)} * *`],
  ec2_default_type: 'm5.large',
})
const wasSuccess = ({ success }: { success?: boolean }): boolean => success === true

/** What scripts that were written for pygmy call. What somebody may not see is to them as if it were not there. */
export const scriptLaws: Readonly<Record<string, Law>> = {
  'GET /v1/api/clusters': list,
  'GET /v1/api/instances': list,
  'GET /v1/api/rules': list,
  'GET /v1/api/dns': list,
  'GET /v1/api/exceptions': list,
  'GET /v1/api/cluster/management': list,
  'GET /v1/api/cluster/management/{id}': { ask: one(), may: byToken('viewer'), done: [200, 404] },
  'GET /v1/api/progressing/{name}': {
    ask: called(),
    may: byToken('viewer'),
    done: [200],
    doneIn: (body: object) => !('Error' in body),
  },
  'PUT /v1/api/cluster/toggle/{name}': {
    ask: called({ enabled: 'true' }),
    may: byToken('dba'),
    done: [200],
    doneIn: (body: object) => 'Success' in body,
  },
  'POST /v1/api/rules': { ask: (place) => ({ body: rule(place) }), may: byToken('dba'), done: [200], doneIn: wasSuccess },
  'PUT /v1/api/rules/{id}': {
    ask: (place) => ({ params: { id: String(scriptNumbers[place]) }, body: { ...rule(place), action: 'EXPLODE' } }),
    may: byToken('dba'),
    done: [200],
    // Found, and wrong: what was changed here could not be tried again.
    doneIn: ({ error }: { error?: string }) => error === 'missing parameter',
  },
  // Only where it is refused: what is deleted here could not be tried again.
  'DELETE /v1/api/rules/{id}': { ask: (place) => one()(place === 'here' ? 'there' : place), may: () => false, done: [200] },
  'DELETE /v1/api/dns/{id}': { ask: (place) => one()(place === 'here' ? 'there' : place), may: () => false, done: [204] },
  'DELETE /v1/api/cluster/management/{id}': { ask: (place) => one()(place === 'here' ? 'there' : place), may: () => false, done: [204] },
  'DELETE /v1/api/exceptions/{id}': { ask: (place) => one()(place === 'here' ? 'there' : place), may: () => false, done: [200] },
  'POST /v1/api/cluster/management': {
    ask: (place) => ({ body: { cluster_id: scriptNumbers[place], avg_load: 1 } }),
    may: byToken('dba'),
    done: [400],
  },
  'PUT /v1/api/cluster/management/{id}': {
    ask: (place) => one({ cluster_id: scriptNumbers[place], avg_load: 1 })(place),
    may: byToken('dba'),
    done: [200],
  },
  'PATCH /v1/api/cluster/management/{id}': { ask: one({ avg_load: 2 }), may: byToken('dba'), done: [200] },
  'POST /v1/api/dns': {
    ask: (place) => ({
      body: { match_type: 'MATCH_ROLE', tag_role: 'Slave', cluster: scriptNumbers[place], dns_name: 'n', hosted_zone_name: 'n/a' },
    }),
    may: byToken('dba'),
    done: [400],
  },
  'POST /v1/api/exceptions': {
    ask: (place) => ({ body: { dates: '2031-02-01', clusterIds: [scriptNumbers[place]] } }),
    may: byToken('dba'),
    done: [200],
  },
  'PUT /v1/api/exceptions/{id}': {
    ask: (place) => one({ dates: '2031-02-02', clusterIds: [scriptNumbers[place]] })(place),
    may: byToken('dba'),
    done: [200],
  },
  'POST /api/v1/pygmy-imports': {
    ask: () => ({ body: { content: { clusters: [], nodes: [], managements: [], rules: [], dns: [], exceptions: [] } } }),
    may: ({ role }) => role !== null,
    done: [200],
    isPlaceless: true,
  },
  'GET /v1/api/logs': { ask: () => ({}), may: () => false, done: [200], isPlaceless: true },
}
