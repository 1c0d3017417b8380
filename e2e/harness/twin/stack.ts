import { idOf, type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import { stackHost } from '@/lib/adapters/memory/stacks'
import { readStackFile } from '@/lib/shapes/stack-file'
import { stackOf } from '@/lib/shapes/stack-schema'

export const stackId = idOf('stack shop')

export const shopFile = `
cluster: shop
network: 10.0.0.0/8
servers:
  db1: [postgres, etcd]
  db2: [postgres, etcd]
  edge: [etcd, pooler, proxy]
`

/** Declares a cluster on hosts of a fleet; its id. */
export const declareOn = (fleet: MemoryFleet, names: readonly string[], text = onHosts(names)): string => {
  const servers = names.map((name) => fleet.host(name).server)
  const { stacks } = fleet.world
  const { environmentId, environmentName } = servers[0]!
  const { file } = readStackFile(text)
  stacks.declared.set(stackId, { id: stackId, title: 'shop', environmentId, environmentName, file: text, isBuilt: false, servers })
  const addresses = Object.fromEntries(servers.map(({ title, address }) => [title, address.address]))
  if (file !== null) stacks.meant.set(stackId, stackOf(file, addresses))
  return stackId
}

const onHosts = ([first, second, third]: readonly string[]): string =>
  `cluster: orders\nnetwork: 10.0.0.0/8\nservers: { ${first}: [postgres, etcd], ${second}: [postgres, etcd], ${third}: [etcd] }\n`

/** Servers with nothing on them that a cluster needs, and the declaration of one. */
export const bareFleet = (text = shopFile): MemoryFleet => {
  const { file } = readStackFile(text)
  const names = Object.keys(file?.servers ?? { db1: [], db2: [], edge: [] })
  const fleet = memoryFleet([{ environment: 'prod', name: 'other', hosts: names, port: 5999 }])
  declareOn(fleet, names, text)
  return fleet
}

/** What there is of a cluster on the hosts and in the console, in words; nothing: none of it. */
export const tracesOf = ({ world }: MemoryFleet): string[] => [
  ...[...world.hosts.keys()].flatMap((name) => {
    const { files, programs, units, directories } = stackHost(world, name)
    const running = [...units].filter(([, { isActive, isEnabled }]) => isActive || isEnabled).map(([unit]) => unit)
    return [...files.keys(), ...programs, ...running, ...directories.keys()]
      .filter((one) => one !== '/usr/bin/curl')
      .map((one) => `${name}: ${one}`)
  }),
  ...(world.stacks.keys.size === 0 ? [] : ['keys']),
  ...(world.stacks.built.size === 0 ? [] : ['built']),
  ...([...world.herds.values()].some(({ name }) => name === 'shop') ? ['herd shop'] : []),
]
