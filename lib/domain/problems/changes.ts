import type { FleetFacts, FleetHerd } from './fleet'

type Sections = Omit<FleetFacts, 'at'>

/** From one reading of the fleet to the next: the lists that changed whole, and of the herds, which are many, those that changed. */
export interface FleetChanges {
  /** ISO time of the later reading. */
  at: string
  /** Holds `herds` only when herds came, went or changed places. */
  sections: Partial<Sections>
  herds: FleetHerd[]
}

const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/**
 * A reading with the very objects of the reading before wherever nothing changed: it is compared once, here, and whoever compares the two again has
 * little to do.
 */
export const keepSame = <T extends Pick<FleetFacts, 'herds'>>(before: T, after: T): T => {
  const known = new Map(before.herds.map((herd) => [herd.id, herd]))
  const herds = after.herds.map((herd) => (isSame(known.get(herd.id), herd) ? known.get(herd.id)! : herd))
  const isAsBefore = herds.length === before.herds.length && herds.every((herd, index) => herd === before.herds[index])
  const kept = Object.fromEntries(
    Object.entries({ ...after, herds: null }).map(([name, value]) => {
      const old = before[name as keyof T]
      return [name, isSame(old, value) ? old : value]
    }),
  )
  return { ...(kept as T), herds: isAsBefore ? before.herds : herds }
}

const areSameHerds = (before: readonly FleetHerd[], after: readonly FleetHerd[]): boolean =>
  before.length === after.length && after.every(({ id }, index) => id === before[index]!.id)

export const fleetChanges = (before: FleetFacts, after: FleetFacts): FleetChanges => {
  const { at, herds, ...others } = after
  const names = (Object.keys(others) as (keyof typeof others)[]).filter((name) => !isSame(before[name], after[name]))
  const sections = Object.fromEntries(names.map((name) => [name, after[name]])) as Partial<Sections>
  return areSameHerds(before.herds, herds)
    ? { at, sections, herds: herds.filter((herd, index) => !isSame(before.herds[index], herd)) }
    : { at, sections: { ...sections, herds }, herds: [] }
}

/** `changes` must start at this very reading. What did not change stays the same object, so that nothing of it is drawn again. */
export const withFleetChanges = (facts: FleetFacts, { at, sections, herds }: FleetChanges): FleetFacts => {
  const next = { ...facts, ...sections, at }
  if (herds.length === 0) return next
  const changed = new Map(herds.map((herd) => [herd.id, herd]))
  return { ...next, herds: next.herds.map((herd) => changed.get(herd.id) ?? herd) }
}
