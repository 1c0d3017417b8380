import type { StackCluster, StackEtcdMember, StackHostSeen } from '@/lib/ports'

type FileState = StackHostSeen['files'][number]['state']
type DirectoryState = StackHostSeen['directories'][number]['state']

/** `atMs`: of our own clock, in the middle of the question. */
export const parseLook = (text: string, atMs: number): StackHostSeen => {
  const seen: StackHostSeen = { whyNotRoot: null, clockOffsetMs: 0, programs: [], files: [], units: [], directories: [], listeners: [] }
  for (const line of text.split('\n')) {
    const [kind, first = '', ...rest] = line.split(' ')
    const more = rest.join(' ')
    if (kind === 'T') seen.clockOffsetMs = Math.round(Number(first) / 1e6 - atMs)
    if (kind === 'P') seen.programs.push(first)
    if (kind === 'F') seen.files.push({ path: rest.slice(1).join(' '), state: first as FileState, sum: rest[0] === '-' ? '' : rest[0]! })
    if (kind === 'D') seen.directories.push({ path: more, state: first as DirectoryState })
    if (kind === 'L') seen.listeners.push(Number(first))
    if (kind === 'U') seen.units.push({ name: rest.slice(1).join(' '), isActive: first === 'yes', isEnabled: rest[0] === 'yes' })
  }
  return seen
}

const objectIn = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** What Patroni answers under /cluster and /patroni; null: it does not say who its members are. */
export const parseCluster = (cluster: string, own: string): StackCluster | null => {
  const members = objectIn(cluster)?.members
  if (!Array.isArray(members)) return null
  const systemIdentifier = objectIn(own)?.database_system_identifier
  return {
    systemIdentifier: typeof systemIdentifier === 'string' ? systemIdentifier : null,
    members: members.map((one: Record<string, unknown>) => ({
      name: String(one.name ?? ''),
      role: String(one.role ?? ''),
      state: String(one.state ?? ''),
      lag: numberOr(one.lag),
      timeline: numberOr(one.timeline),
    })),
  }
}

/** What etcd's gateway answers under /v3/cluster/member/list; null: it is no list. */
export const parseEtcdMembers = (text: string): StackEtcdMember[] | null => {
  const members = objectIn(text)?.members
  if (!Array.isArray(members)) return null
  return members.map((one: Record<string, unknown>) => ({
    id: String(one.ID ?? ''),
    name: String(one.name ?? ''),
    peerUrls: Array.isArray(one.peerURLs) ? one.peerURLs.map(String) : [],
    isLearner: one.isLearner === true,
  }))
}
