import type { FleetFacts, FleetHerd } from './fleet'

/** A healthy herd of three. */
export const herdOf = (name: string, over: Partial<FleetHerd> = {}): FleetHerd => ({
  id: name,
  name,
  environmentId: 'prod',
  members: 3,
  online: 3,
  primaries: 1,
  primaryIdentifiers: 1,
  unseen: 0,
  awaited: 0,
  troubles: {},
  lagBytesMax: 0,
  lostAt: null,
  successor: null,
  ...over,
})

/** A fleet of one healthy herd. */
export const fleetOf = (over: Partial<FleetFacts> = {}): FleetFacts => ({
  at: '2026-03-01T12:00:00.000Z',
  environments: [],
  herds: [herdOf('fine')],
  instances: [],
  servers: [],
  replication: [],
  names: [],
  health: [],
  stacks: [],
  poolers: [],
  attention: [],
  runs: [],
  approvals: [],
  expiring: [],
  failingSubscriptions: [],
  audit: [],
  guessing: [],
  locks: [],
  scheduled: [],
  acknowledged: [],
  discovered: { hosts: 0, instances: 0, poolers: 0 },
  workers: 1,
  ...over,
})
