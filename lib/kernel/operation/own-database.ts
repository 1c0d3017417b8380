import { awaitedWithout, type OwnCluster, relationToOwn } from '@/lib/domain/replication/own-cluster'
import { counted } from '@/lib/domain/values/counted'
import type { InventoryInstance, Probe, ReadPorts } from '@/lib/ports'
import type { Facts, Gate, GatherContext } from './operation'
import type { Verdict } from './plan'
import { pass, passBecause, refuse, unknown, warn, worstVerdict } from './verdict'

/** A server that an operation stops, restarts, replaces or promotes. */
export interface Interrupted {
  place: Pick<InventoryInstance, 'title' | 'systemIdentifier'> & {
    address: { port: number; host: { address: string; hostname: string } }
  }
  /** null: it was not looked at. */
  probe: Pick<Probe, 'state' | 'role' | 'systemIdentifier' | 'postmasterStartedAt'> | null
  /** It becomes primary in place of the one there is. */
  isPromoted?: boolean
}

type Interrupts<F> = (facts: F) => readonly Interrupted[]
type Gather<F> = (ports: ReadPorts, input: never, context: GatherContext) => Promise<F>

/** The console's own cluster is among the facts of each operation that interrupts a server, or holds clients of a pooler up. */
export const gatherWithOwn =
  <F extends Facts>(gather: Gather<F>): Gather<Facts> =>
  async (ports, input, context) => {
    const [facts, ownCluster] = await Promise.all([gather(ports, input, context), ports.inventory.ownCluster()])
    return { ...facts, ownCluster: { ...ownCluster } }
  }

/** Each act of a job is recorded before it is done, in the console's own database: whoever stops that stops the job that was to start it again. */
export const ownDatabaseGate = <F extends Facts>(interrupts: Interrupts<F>): Gate<Facts> => ({
  name: 'own-database',
  title: 'The console’s own database keeps running',
  look: (facts) => {
    const all = interrupts(facts as F)
    const verdicts = judgeAll(facts.ownCluster as unknown as OwnCluster, all)
    const verdict = worstVerdict(verdicts)
    if (verdict === 'pass' && all.some(({ isPromoted }) => isPromoted)) return passBecause(lostBetween)
    const said = verdicts.flatMap((one) => (one.verdict === verdict && one.because !== undefined ? [one.because] : []))
    return said.length === 0 ? pass : ({ verdict, because: [...new Set(said)].join(' ') } as Verdict)
  },
})

/** The lease is proven there before each act, and nobody acts on a memory of it. */
const lostBetween =
  'It is on another cluster. If it is lost after the old primary was stopped and before the new one is promoted, nobody is primary until it answers again.'

const byHand = 'Do it by hand, in a shell on its host, or from another console whose database is elsewhere.'

const judgeAll = (own: OwnCluster, all: readonly Interrupted[]): Verdict[] => {
  // The herd is a copy of the console's cluster then, and its standby follows the copy.
  const isCopied = all.some((one) => relationOf(own, one) === 'copy')
  return all.map((one) => judge(own, one, isCopied))
}

const hostsOf = ({ place }: Interrupted): string[] => [place.address.host.address.toLowerCase(), place.address.host.hostname.toLowerCase()]

const relationOf = (own: OwnCluster, one: Interrupted) => {
  const { place, probe } = one
  return relationToOwn(own, {
    hosts: hostsOf(one),
    port: place.address.port,
    systemIdentifier: probe?.systemIdentifier ?? place.systemIdentifier,
    isDown: probe !== null && ['stopped', 'crashed', 'absent'].includes(probe.state),
    role: probe?.role ?? 'unknown',
    // A server that does not let the console in tells its start from a file, to the second.
    startedAt: probe?.state === 'online' ? probe.postmasterStartedAt : null,
  })
}

const judge = (own: OwnCluster, one: Interrupted, isCopied: boolean): Verdict => {
  const { title } = one.place
  switch (relationOf(own, one)) {
    case 'elsewhere':
    case 'down':
      return pass
    case 'itself':
      return refuse(
        `${title} holds this console’s own database: once it is down, the job can be neither recorded nor continued nor undone. ${byHand}`,
      )
    case 'door':
      return refuse(
        `${title} has the address of this console’s own database, and whether it is that server cannot be told: no system identifier is disclosed. ${byHand}`,
      )
    case 'copy':
      return warn(
        `${title} is a copy of the cluster that holds this console’s own database: it has the same system identifier, but the console writes to another server.`,
      )
    case 'standby':
      return one.isPromoted && !isCopied
        ? refuse(
            `${title} is a standby of this console’s own database: its promotion would replace the primary that the job is recorded on, half way through. ${byHand}`,
          )
        : judgeStandby(own, one)
    case 'unknown':
      return unknown(
        `Whether ${title} belongs to the cluster of this console’s own database is not known: no system identifier is disclosed.`,
      )
  }
}

const judgeStandby = (own: OwnCluster, one: Interrupted): Verdict => {
  const { title } = one.place
  const { needed, left } = awaitedWithout(own, hostsOf(one))
  return needed > left
    ? refuse(
        `Commits of this console’s own database wait for ${counted(needed, 'standby', 'standbys')} (synchronous_standby_names ${own.synchronousNames}), and without ${title} ${left === 0 ? 'none' : `only ${left}`} may be left: the job could not be recorded. Lower the setting first, or do it by hand, in a shell on its host.`,
      )
    : warn(
        `${title} is a standby of this console’s own database. The console continues on the primary, with one standby less until this one streams again.`,
      )
}
