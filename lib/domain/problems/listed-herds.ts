import type { FleetEnvironment, FleetHerd } from './fleet'
import { herdSeverity } from './judge'

/** Tiles that are drawn for one environment. */
export const tilesMax = 400

const { compare } = new Intl.Collator()

/** Worst first, then by name: the eye starts at the top left. */
export const worstFirst = (herds: readonly FleetHerd[]): FleetHerd[] =>
  herds
    .map((herd) => ({ herd, rank: herdSeverity(herd) ?? 9 }))
    .sort((a, b) => a.rank - b.rank || compare(a.herd.name, b.herd.name))
    .map(({ herd }) => herd)

const hasProblem = (herd: FleetHerd): boolean => herdSeverity(herd) !== null || herd.isContested === true || herd.isPaused === true

const byEnvironment = (herds: readonly FleetHerd[]): Map<string, FleetHerd[]> => {
  const own = new Map<string, FleetHerd[]>()
  for (const herd of herds) {
    const its = own.get(herd.environmentId)
    if (its) its.push(herd)
    else own.set(herd.environmentId, [herd])
  }
  return own
}

/** Of every environment the herds that have a problem, however many, and healthy ones until `tilesMax` are there: a fleet of thousands is sent as what is drawn of it. */
export const worthListing = (herds: readonly FleetHerd[]): FleetHerd[] =>
  [...byEnvironment(herds).values()].flatMap((own) =>
    own.length <= tilesMax ? own : worstFirst(own).filter((herd, place) => place < tilesMax || hasProblem(herd)),
  )

type Uncounted = Omit<FleetEnvironment, 'herds' | 'members' | 'online'>

/** `herds`: all of them. */
export const withCounts = (environments: readonly Uncounted[], herds: readonly FleetHerd[]): FleetEnvironment[] => {
  const own = byEnvironment(herds)
  return environments.map((environment) => {
    const its = own.get(environment.id) ?? []
    const sum = (of: 'members' | 'online') => its.reduce((total, herd) => total + herd[of], 0)
    return { ...environment, herds: its.length, members: sum('members'), online: sum('online') }
  })
}
