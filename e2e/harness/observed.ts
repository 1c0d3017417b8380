import type { Probe } from '@/lib/ports'

/** Looks at members of one herd, as an observer would have them, each a second after the one before. */
export const identifier = '7400000000000000001'

let clock = Date.parse('2026-01-01T00:00:00Z')
export const later = (seconds = 1) => {
  clock += seconds * 1000
  return new Date(clock).toISOString()
}
const blank: Probe = {
  state: 'online',
  role: 'primary',
  version: '15.18',
  systemIdentifier: identifier,
  timeline: 1,
  controlState: 'in production',
  hasStandbySignal: false,
  postmasterPid: 1,
  postmasterStartedAt: '2026-01-01T00:00:00.000Z',
  confLoadedAt: '2026-01-01T00:00:00.000Z',
  currentLsn: '0/3000000',
  receivedLsn: null,
  replayedLsn: null,
  replaySeconds: null,
  upstream: null,
  standbys: [],
  slots: [],
  clients: 3,
  maxConnections: 100,
  activeTransactions: 0,
  longestTransactionSeconds: null,
  pendingRestart: [],
  because: null,
  observedAt: '',
}
export const primary = (more: Partial<Probe> = {}): Probe => ({ ...blank, observedAt: later(), ...more })
export const standby = (host: string, more: Partial<Probe> = {}): Probe => ({
  ...blank,
  role: 'standby',
  currentLsn: null,
  receivedLsn: '0/3000000',
  replayedLsn: '0/3000000',
  replaySeconds: 0,
  upstream: { host, port: 5432, slotName: null, status: 'streaming' },
  observedAt: later(),
  ...more,
})
/** A standby as its upstream lists it. */
export const listed = (applicationName: string, clientAddress: string): Probe['standbys'][number] => ({
  applicationName,
  clientAddress,
  state: 'streaming',
  syncState: 'async',
  sentLsn: null,
  flushLsn: null,
  replayLsn: null,
  lagBytes: null,
  slotName: null,
})
export const unreachable = (at = later()): Probe => ({
  ...blank,
  state: 'unreachable',
  role: 'unknown',
  because: 'The host does not answer.',
  systemIdentifier: null,
  currentLsn: null,
  hostFault: { code: 'shell.unreachable', offeredKey: null },
  observedAt: at,
})
