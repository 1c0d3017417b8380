/** As much of a herd member as deciding who may follow whom needs. */
export interface Follower {
  id: string
  title: string
  state: string
  role: 'primary' | 'standby' | 'unknown'
  timeline: number | null
  systemIdentifier: string | null
  upstreamId: string | null
  /** How its upstream lists it; null: it does not, so it does not stream. Left out: not known. */
  syncState?: string | null
  version: string | null
}

const majorOf = (version: string | null): string | null => version?.match(/^(\d{2,}|\d\.\d+)/)?.[1] ?? null

/** Whether `start` gets its WAL, directly or through others, from `id`. A circle that was observed is walked once. */
const isFedBy = (start: Follower, id: string, byId: ReadonlyMap<string, Follower>): boolean => {
  const seen = new Set<string>()
  for (let at: Follower | undefined = start; at !== undefined && !seen.has(at.id); ) {
    if (at.id === id) return true
    seen.add(at.id)
    at = at.upstreamId === null ? undefined : byId.get(at.upstreamId)
  }
  return false
}

/**
 * Why `standby` may not follow `upstream`; null: as far as the last look tells, it may. The plan looks again, and also asks whether the upstream still
 * has the WAL. `members` are all of the herd.
 */
export const whyNotFollow = (standby: Follower, upstream: Follower, members: readonly Follower[]): string | null => {
  if (standby.id === upstream.id) return 'It cannot follow itself.'
  if (standby.role === 'primary') return `${standby.title} is a primary, which has no upstream.`
  if (standby.role !== 'standby') return `The role of ${standby.title} is not known.`
  if (standby.state !== 'online') return `${standby.title} is ${standby.state}.`
  if (upstream.state !== 'online') return `${upstream.title} is ${upstream.state}.`
  if (upstream.role === 'unknown') return `The role of ${upstream.title} is not known.`
  // One that is to follow there and does not stream may be put there again: its slot is made and its connection string written again.
  if (standby.upstreamId === upstream.id && standby.syncState !== null) return `It follows ${upstream.title} already.`
  const hasTwoSystems =
    standby.systemIdentifier !== null && upstream.systemIdentifier !== null && standby.systemIdentifier !== upstream.systemIdentifier
  if (hasTwoSystems) return `${upstream.title} has another system identifier: it is not a copy of this herd.`
  const [mine, theirs] = [majorOf(standby.version), majorOf(upstream.version)]
  if (mine !== null && theirs !== null && mine !== theirs) return `${upstream.title} runs PostgreSQL ${theirs}, this one ${mine}.`
  if (isFedBy(upstream, standby.id, new Map(members.map((one) => [one.id, one]))))
    return `${upstream.title} gets its WAL from ${standby.title}: they would follow each other in a circle.`
  if (standby.timeline !== null && upstream.timeline !== null && upstream.timeline < standby.timeline)
    return `${upstream.title} is on timeline ${upstream.timeline}, behind ${standby.timeline}: it lacks what came after the fork.`
  return null
}

/** Every other member with the reason against it, in the order given. */
export const upstreamChoices = (standby: Follower, members: readonly Follower[]): { id: string; because: string | null }[] =>
  members.filter((one) => one.id !== standby.id).map((one) => ({ id: one.id, because: whyNotFollow(standby, one, members) }))
