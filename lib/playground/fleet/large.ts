import { LabError } from '../machine/error'
import { type Fleet, type FleetHost, herd, standardEnvironments, standardGroups, standardPeople } from './fleet'

/** `hostCount` hosts (1 to 2000), one instance on each: herds of two, a herd of one where the count is odd. */
export function largeFleet(postgresMajor: number, hostCount: number): Fleet {
  if (!Number.isInteger(hostCount) || hostCount < 1 || hostCount > 2000)
    throw new LabError(`A fleet has 1 to 2000 hosts, not ${hostCount}.`)
  const shares = [
    { environment: 'dev', from: 0, to: Math.floor(hostCount * 0.3) },
    { environment: 'stage', from: Math.floor(hostCount * 0.3), to: Math.floor(hostCount * 0.5) },
    { environment: 'prod', from: Math.floor(hostCount * 0.5), to: hostCount },
  ]
  const hosts: FleetHost[] = []
  const herds: Fleet['herds'] = []
  for (const { environment, from, to } of shares) {
    for (let index = from; index < to; index++) {
      const site = index % 2 === 0 ? 'ams' : 'fra'
      const name = `${environment}-${site}-${String(index + 1).padStart(3, '0')}`
      const address = `198.18.${16 + Math.floor(index / 200)}.${(index % 200) + 1}`
      hosts.push({ name, address, environment, site, tags: ['debian'] })
    }
    const own = hosts.filter((host) => host.environment === environment).map((host) => host.name)
    for (let index = 0; index < own.length; index += 2) {
      const number = String(herds.length + 1).padStart(3, '0')
      herds.push(herd(postgresMajor, environment, `app${number}`, 5432, own.slice(index, index + 2).join(' > ')))
    }
  }
  return {
    name: `playground-${hostCount}`,
    postgresMajor,
    environments: standardEnvironments,
    hosts,
    herds,
    strays: [],
    groups: standardGroups,
    people: standardPeople,
    hasNames: true,
  }
}
