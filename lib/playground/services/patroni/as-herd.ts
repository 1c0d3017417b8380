import type { Fleet, FleetHerd, FleetPatroni } from '../../fleet/fleet'
import { dataDirectoryOf, ports } from './files'

/** A cluster of Patroni as any herd: its first member is the primary until somebody moves it. */
const asHerd = ({ members, scope, ...cluster }: FleetPatroni, major: number): FleetHerd => ({
  ...{ name: cluster.name, environment: cluster.environment, baseName: cluster.baseName, virtualHost: cluster.virtualHost },
  port: ports.postgres,
  dataDirectory: dataDirectoryOf(major, scope),
  members: members.map((host, index) => ({
    host,
    role: index === 0 ? 'primary' : 'standby',
    upstream: index === 0 ? null : members[0]!,
  })),
})

/** Herds of the lab's own and clusters of Patroni. */
export const allHerds = ({ herds, patroni = [], postgresMajor }: Fleet): FleetHerd[] => [
  ...herds,
  ...patroni.map((cluster) => asHerd(cluster, postgresMajor)),
]
