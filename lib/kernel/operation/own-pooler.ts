import { type OwnCluster, wayToOwn } from '@/lib/domain/replication/own-cluster'
import type { Facts, Gate } from './operation'
import { pass, refuse, unknown } from './verdict'

/** A pooler whose clients an operation holds up, turns away or sends elsewhere. */
export interface HeldUp {
  title: string
  herds: readonly { id: string }[]
  address: { port: number; host: { address: string; hostname: string } }
}

const otherwise = 'Do it by hand, on PgBouncer’s admin console, or let DATABASE_URL name the server itself.'

/** The console is a client too: where its own connection waits, the job that is to end the wait is neither recorded nor continued. */
export const ownPoolerGate = <F extends Facts>(holdsUp: (facts: F) => HeldUp | null): Gate<Facts> => ({
  name: 'own-database',
  title: 'The console’s own database stays reachable',
  look: (facts) => {
    const pooler = holdsUp(facts as F)
    if (pooler === null) return pass
    const { title, herds, address } = pooler
    const hosts = [address.host.address, address.host.hostname].map((host) => host.toLowerCase())
    const way = wayToOwn(facts.ownCluster as unknown as OwnCluster, { hosts, port: address.port, herds: herds.map(({ id }) => id) })
    const lost = 'while its clients are held up, the job can be neither recorded nor continued nor undone.'
    switch (way) {
      case 'elsewhere':
        return pass
      case 'named':
        return refuse(`This console reaches its own database through ${title}: ${lost} ${otherwise}`)
      case 'likely':
        return refuse(
          `${title} is in front of the cluster that holds this console’s own database, and has the port of DATABASE_URL, so the console reaches it through there: ${lost} ${otherwise}`,
        )
      case 'unknown':
        return unknown(
          `${title} is in front of the cluster that holds this console’s own database. Whether the console reaches it through there is not known: DATABASE_URL does not name the server itself.`,
        )
    }
  },
})
