/** A herd member as the replication tree needs it: observed facts, every one of which may be unknown. */
export interface TreeMember {
  id: string
  title: string
  hostname: string
  site: string
  state: string
  because: string | null
  role: 'primary' | 'standby' | 'unknown'
  version: string | null
  timeline: number | null
  systemIdentifier: string | null
  /** The position that matters for its role: current on a primary, replayed on a standby. */
  lsn: string | null
  lagBytes: number | null
  lagSeconds: number | null
  isReplayPaused: boolean
  /** It lags by what its environment allows, does not stream or does not replay. */
  isBehind: boolean
  upstreamId: string | null
  upstreamHost: string | null
  upstreamPort: number | null
  upstreamSlot: string | null
  syncState: string | null
  clients: number | null
  slots: { name: string; isActive: boolean; retainedBytes: number | null }[]
  /** Why it must not start as a primary: another member was promoted in its stead; null: nothing is against it. */
  replacedBecause: string | null
  /** ISO time of the look; null: never observed. */
  observedAt: string | null
}

/** An upstream that is not a member of the herd (`member` null) is drawn as what is known of it: host and port. */
export interface TreeNode {
  key: string
  member: TreeMember | null
  /** What to call a node without a member. */
  label: string
  depth: number
  /** Vertical position in rows; a parent sits in the middle of its children, so halves occur. */
  row: number
  parentKey: string | null
  childKeys: string[]
}

export interface Alarm {
  kind: 'split-brain' | 'no-primary' | 'loop' | 'foreign' | 'timeline'
  /** Members it is about. */
  ids: string[]
  sentence: string
}

export interface TreeLayout {
  /** In reading order: each parent before its children. */
  nodes: TreeNode[]
  rows: number
  depth: number
  alarms: Alarm[]
}

const roleRank = { primary: 0, unknown: 1, standby: 2 } as const
const byRoleThenTitle = (a: TreeMember, b: TreeMember) => roleRank[a.role] - roleRank[b.role] || a.title.localeCompare(b.title)
const names = (members: readonly TreeMember[]) => members.map((member) => member.title).join(', ')

/** Follows upstreams from `start`; true when the walk comes back to it. */
const isInLoop = (start: TreeMember, byId: ReadonlyMap<string, TreeMember>): boolean => {
  const seen = new Set<string>()
  let at = start.upstreamId === null ? undefined : byId.get(start.upstreamId)
  while (at && !seen.has(at.id)) {
    if (at.id === start.id) return true
    seen.add(at.id)
    at = at.upstreamId === null ? undefined : byId.get(at.upstreamId)
  }
  return false
}

const mostCommon = (values: readonly (string | null)[]): string | null => {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))[0]?.[0] ?? null
}

/** The next step out of a split brain: demote the primary that was replaced, or is on an older timeline. */
const whoYields = (primaries: readonly TreeMember[]): string => {
  const newest = Math.max(...primaries.map((one) => one.timeline ?? 0))
  const yielding = primaries.filter((one) => one.replacedBecause !== null || (one.timeline !== null && one.timeline < newest))
  if (yielding.length === 0 || yielding.length === primaries.length) return 'Find out which one clients use, and demote the others.'
  return `Next: demote ${names(yielding)}; what was written there since the fork is not on the other, and is discarded.`
}

const findAlarms = (members: readonly TreeMember[], looping: readonly TreeMember[]): Alarm[] => {
  const alarms: Alarm[] = []
  const primaries = members.filter((member) => member.role === 'primary' && member.state === 'online')
  const identifier = mostCommon(members.map((member) => member.systemIdentifier))
  const ours = primaries.filter((member) => member.systemIdentifier === null || member.systemIdentifier === identifier)
  if (ours.length > 1)
    alarms.push({
      kind: 'split-brain',
      ids: ours.map((member) => member.id),
      sentence: `Split brain: ${ours.length} primaries with one system identifier accept writes (${names(ours)}). ${whoYields(ours)}`,
    })
  if (primaries.length === 0 && members.length > 0) {
    const unseen = members.filter((member) => ['unreachable', 'unknown', 'refused'].includes(member.state))
    alarms.push({
      kind: 'no-primary',
      ids: members.filter((member) => member.role === 'primary').map((member) => member.id),
      sentence:
        unseen.length > 0
          ? `No primary is seen. ${unseen.length === 1 ? 'One member' : `${unseen.length} members`} cannot be looked at (${names(unseen)}), so whether one is writable is not known.`
          : 'No member is a primary that accepts connections.',
    })
  }
  if (looping.length > 0)
    alarms.push({
      kind: 'loop',
      ids: looping.map((member) => member.id),
      sentence: `Standbys follow each other in a circle: ${names(looping)}.`,
    })
  const foreign = members.filter(
    (member) => member.systemIdentifier !== null && identifier !== null && member.systemIdentifier !== identifier,
  )
  if (foreign.length > 0)
    alarms.push({
      kind: 'foreign',
      ids: foreign.map((member) => member.id),
      sentence: `Another system identifier than the rest of the herd: ${names(foreign)}. It is not a copy of this data.`,
    })
  const primary = primaries.length === 1 ? primaries[0] : undefined
  const behind = members.filter(
    (member) => member.role === 'standby' && primary?.timeline != null && member.timeline !== null && member.timeline !== primary.timeline,
  )
  if (behind.length > 0)
    alarms.push({
      kind: 'timeline',
      ids: behind.map((member) => member.id),
      sentence: `On another timeline than the primary (${primary!.timeline}): ${behind.map((m) => `${m.title} (${m.timeline})`).join(', ')}.`,
    })
  return alarms
}

/**
 * Places the members of one herd as a tree: primaries first, then upstreams from outside the herd with their standbys, then members without
 * an upstream. A circle of upstreams is cut (and raised as an alarm), so every member appears exactly once whatever was observed.
 */
export const layoutTree = (members: readonly TreeMember[]): TreeLayout => {
  const byId = new Map(members.map((member) => [member.id, member]))
  const looping = members.filter((member) => isInLoop(member, byId))
  const loops = new Set(looping.map((member) => member.id))
  const children = new Map<string, TreeMember[]>()
  const outside = new Map<string, string>()
  const roots: { key: string; member: TreeMember | null; label: string }[] = []
  for (const member of [...members].sort(byRoleThenTitle)) {
    const follows = member.role === 'primary' || loops.has(member.id) ? null : member.upstreamId
    if (follows !== null && byId.has(follows)) {
      children.set(follows, [...(children.get(follows) ?? []), member])
    } else if (member.role !== 'primary' && member.upstreamHost !== null && !loops.has(member.id)) {
      const label = member.upstreamPort === null ? member.upstreamHost : `${member.upstreamHost}:${member.upstreamPort}`
      const key = `outside:${label}`
      if (!outside.has(key)) roots.push({ key, member: null, label })
      outside.set(key, label)
      children.set(key, [...(children.get(key) ?? []), member])
    } else roots.push({ key: member.id, member, label: member.title })
  }
  roots.sort((a, b) => rootRank(a.member) - rootRank(b.member))

  const nodes: TreeNode[] = []
  let nextRow = 0
  let deepest = 0
  const place = (key: string, member: TreeMember | null, label: string, depth: number, parentKey: string | null): TreeNode => {
    const node: TreeNode = { key, member, label, depth, row: 0, parentKey, childKeys: [] }
    nodes.push(node)
    deepest = Math.max(deepest, depth)
    const placed = (children.get(key) ?? []).map((child) => place(child.id, child, child.title, depth + 1, key))
    node.childKeys = placed.map((child) => child.key)
    node.row = placed.length === 0 ? nextRow++ : (placed[0]!.row + placed.at(-1)!.row) / 2
    return node
  }
  for (const root of roots) place(root.key, root.member, root.label, 0, null)
  return { nodes, rows: nextRow, depth: nodes.length === 0 ? 0 : deepest + 1, alarms: findAlarms(members, looping) }
}

const rootRank = (member: TreeMember | null): number =>
  member === null ? 1 : member.role === 'primary' ? 0 : member.role === 'unknown' ? 2 : 3

/** The node that the arrow keys move to; null: none. */
export const stepFrom = (layout: TreeLayout, key: string, arrow: string): string | null => {
  const index = layout.nodes.findIndex((node) => node.key === key)
  const node = layout.nodes[index]
  if (!node) return null
  if (arrow === 'ArrowRight') return node.childKeys[0] ?? null
  if (arrow === 'ArrowLeft') return node.parentKey
  if (arrow === 'ArrowDown') return layout.nodes[index + 1]?.key ?? null
  if (arrow === 'ArrowUp') return layout.nodes[index - 1]?.key ?? null
  if (arrow === 'Home') return layout.nodes[0]?.key ?? null
  if (arrow === 'End') return layout.nodes.at(-1)?.key ?? null
  return null
}
