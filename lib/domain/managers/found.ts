import { type FoundManager, type LeaderChange, type ManagedMember, managerKinds } from './manager'

const wordMax = 300
const membersMax = 100
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const word = (value: unknown): string | null =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a host says may hold any byte
  (typeof value === 'string' && value.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, wordMax)) || null
export const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isSafeInteger(value) ? value : null)
export const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord).slice(0, membersMax) : [])

const memberOf = (one: Record<string, unknown>): ManagedMember => ({
  name: word(one.name) ?? '',
  role: word(one.role) ?? '',
  state: word(one.state) ?? '',
  host: word(one.host),
  port: whole(one.port),
  timeline: whole(one.timeline),
  lagBytes: whole(one.lagBytes),
  hasPendingRestart: one.hasPendingRestart === true,
  tags: isRecord(one.tags)
    ? Object.fromEntries(Object.entries(one.tags).map(([name, value]) => [name.slice(0, 60), word(value) ?? '']))
    : {},
})
const changeOf = (one: Record<string, unknown>): LeaderChange[] => {
  const timeline = whole(one.timeline)
  return timeline === null
    ? []
    : [{ timeline, lsn: word(one.lsn) ?? '', reason: word(one.reason) ?? '', at: word(one.at), leader: word(one.leader) }]
}

/** Observed, never trusted: what is no path or no known kind is left out. An object as a host or its agent sends it. */
export const foundManager = (found: unknown): FoundManager | null => {
  if (!isRecord(found)) return null
  const kind = managerKinds.find((one) => one === found.kind)
  const state = (['running', 'stopped', 'trace'] as const).find((one) => one === found.state)
  if (kind === undefined || state === undefined) return null
  const path = (value: unknown) => (word(value)?.startsWith('/') ? word(value) : null)
  return {
    kind,
    state,
    dataDirectory: path(found.dataDirectory),
    configPath: path(found.configPath),
    isReadable: found.isReadable === true,
    cluster: word(found.cluster),
    member: word(found.member),
    dcs: word(found.dcs),
    api: word(found.api),
    version: word(found.version),
    isPaused: typeof found.isPaused === 'boolean' ? found.isPaused : null,
    members: list(found.members).map(memberOf),
    history: list(found.history).flatMap(changeOf),
  }
}
