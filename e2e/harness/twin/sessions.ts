import type { Session } from '@/lib/domain/activity/session'

/** A client that runs an update in a transaction of its own, with what is said otherwise. */
export const twinSession = (pid: number, otherwise: Partial<Session> = {}): Session => ({
  pid,
  startedAt: '2026-03-01T12:00:00.123456Z',
  kind: 'client backend',
  database: 'shop',
  user: 'app',
  application: 'orders',
  client: '10.0.0.7',
  state: 'active',
  waitType: null,
  wait: null,
  ageSeconds: 3600,
  transactionSeconds: 190,
  statementSeconds: 185,
  stateSeconds: 185,
  statementAt: '2026-03-01T12:56:55.000001Z',
  heldBack: 4000,
  statement: "update orders set state = 'paid' where id = 17",
  blockedBy: [],
  ...otherwise,
})
