import { type Fleet, herd, parseTopology, standardEnvironments } from '@/lib/playground/fleet/fleet'
import type { Lab } from '@/lib/playground/lab/lab'
import { memberName, primaryConnInfo } from '@/lib/playground/services/cluster-files'

export const clusterName = 'app'

/** One herd of two, one on each site: which is the primary and which takes over. */
export interface Pair {
  herd: string
  port: number
  from: { host: string; address: string }
  to: { host: string; address: string }
  zone: string
  /** The name that follows the primary, with its zone. */
  name: string
}

/** Herds of two on hosts of their own, a third in each environment; one cluster name everywhere, so that one command line suits all hosts. */
export const pairFleet = (postgresMajor: number, pairs: number): Fleet => {
  const numbers = Array.from({ length: pairs }, (_, index) => String(index + 1).padStart(3, '0'))
  const environmentOf = (number: string) => standardEnvironments[Number(number) % standardEnvironments.length]!.name
  const siteHosts = numbers.flatMap((number) => [
    { name: `ams-${number}`, address: `198.18.20.${Number(number)}`, environment: environmentOf(number), site: 'ams', tags: [] },
    { name: `fra-${number}`, address: `198.18.21.${Number(number)}`, environment: environmentOf(number), site: 'fra', tags: [] },
  ])
  return {
    name: 'pairs',
    postgresMajor,
    environments: standardEnvironments,
    hosts: siteHosts,
    herds: numbers.map((number) => ({
      ...herd(postgresMajor, environmentOf(number), clusterName, 5432 + Number(number), 'x', `pair-${number}`),
      virtualHost: `app-${number}.${environmentOf(number)}.db.lab.test`,
      members: parseTopology(`ams-${number} > fra-${number}`),
    })),
    strays: [],
    groups: [],
    people: [],
    hasNames: true,
  }
}

/** Every pair as it is to be failed over: from the site of the primaries to the other one. */
export const pairsOf = (lab: Lab, leads: 'ams' | 'fra'): Pair[] =>
  lab.fleet.herds.map(({ name, port, members, virtualHost }) => {
    const [ams, fra] = members.map(({ host }) => ({ host, address: lab.host(host).address }))
    const zone = virtualHost.slice(virtualHost.indexOf('.') + 1)
    return { herd: name, port, from: leads === 'ams' ? ams! : fra!, to: leads === 'ams' ? fra! : ams!, zone, name: virtualHost }
  })

/** On each host, the lines that make it follow its partner: what a script would have prepared. */
export const writeFollowFiles = (lab: Lab): void => {
  for (const { from, to, port } of pairsOf(lab, 'ams'))
    for (const [self, partner] of [
      [from, to],
      [to, from],
    ] as const)
      lab.hosts.writeFile(
        self.host,
        '/var/lib/postgresql/follow',
        `primary_conninfo = '${primaryConnInfo(partner.address, port)} application_name=${memberName(self.host, clusterName)}'\nprimary_slot_name = ''\n`,
        { owner: 'postgres' },
      )
}
