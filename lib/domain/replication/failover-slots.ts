/** A logical replication slot. `isFailover`, `isSynced`: from PostgreSQL 17 on; false before. */
export interface LogicalSlot {
  name: string
  /** Standbys that synchronise slots keep a copy of it. */
  isFailover: boolean
  /** It is such a copy. */
  isSynced: boolean
  /** Neither temporary nor invalidated: a copy that is temporary has not caught up yet. */
  isUsable: boolean
}

/** Names of a primary's logical slots that its candidate has no copy of that a subscriber could go on from. */
export const slotsLeft = (primary: readonly LogicalSlot[], candidate: readonly LogicalSlot[]): string[] => {
  const isThere = (name: string) => candidate.some((one) => one.name === name && one.isSynced && one.isUsable)
  return primary.filter(({ name, isFailover }) => !isFailover || !isThere(name)).map(({ name }) => name)
}

interface Sender {
  /** `synchronized_standby_slots` of the primary. */
  awaited: readonly string[]
  logical: readonly LogicalSlot[]
  slots: readonly { name: string; isActive: boolean }[]
}

/** Physical slots that a shutdown would wait for without end: subscribers of a failover slot get no WAL that these have not, and nobody reads them. */
export const slotsAwaited = ({ awaited, logical, slots }: Sender): string[] =>
  logical.some(({ isFailover }) => isFailover) ? awaited.filter((name) => !slots.some((one) => one.name === name && one.isActive)) : []
