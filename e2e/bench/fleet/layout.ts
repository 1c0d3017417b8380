import { type Fleet, herd, standardEnvironments } from '@/lib/playground/fleet/fleet'

/** Hosts stand in groups of three; each group has ten herds with a member on each of its hosts, and the primaries go round. */
const groupSize = 3
const herdsPerGroup = 10
const firstPort = 5432
export const standInMajor = 17

/** 127.1.0.0/16 is all loopback, so one listener answers for every host. */
const addressOf = (host: number): string => `127.1.${host >> 8}.${host & 255}`
const nameOf = (host: number): string => `h${String(host).padStart(4, '0')}`

export interface Member {
  address: string
  port: number
  herd: number
  isPrimary: boolean
  /** Addresses of all members of its herd, its primary's first. */
  herdAddresses: readonly string[]
}

/** One host in 33 is dead or hanging, in turns. */
export type Manners = 'well' | 'dead' | 'hanging'
const mannersOf = (host: number): Manners => (host % 33 !== 7 ? 'well' : host % 2 === 0 ? 'dead' : 'hanging')

export interface Layout {
  fleet: Fleet
  /** `address:port` */
  members: ReadonlyMap<string, Member>
  manners: ReadonlyMap<string, Manners>
}

/** The same for everyone who asks with the same number of hosts. */
export const layoutOf = (hosts: number): Layout => {
  const members = new Map<string, Member>()
  const manners = new Map(Array.from({ length: hosts }, (_, host) => [addressOf(host), mannersOf(host)]))
  const groups = Math.floor(hosts / groupSize)
  const herds = Array.from({ length: groups * herdsPerGroup }, (_, index) => {
    const [group, place] = [Math.floor(index / herdsPerGroup), index % herdsPerGroup]
    const own = Array.from({ length: groupSize }, (_, n) => group * groupSize + ((n + place) % groupSize))
    const herdAddresses = own.map(addressOf)
    for (const [n, address] of herdAddresses.entries())
      members.set(`${address}:${firstPort + place}`, { address, port: firstPort + place, herd: index, isPrimary: n === 0, herdAddresses })
    const [first, ...others] = own.map(nameOf)
    return herd(standInMajor, 'prod', `app${index}`, firstPort + place, `${first} > ${others.join(', ')}`)
  })
  return {
    fleet: {
      name: 'stand-in',
      postgresMajor: standInMajor,
      environments: standardEnvironments,
      hosts: Array.from({ length: hosts }, (_, host) => ({
        name: nameOf(host),
        address: addressOf(host),
        environment: 'prod',
        site: 'ams',
        tags: [],
      })),
      herds,
      strays: [],
      groups: [],
      people: [],
      hasNames: false,
    },
    members,
    manners,
  }
}
