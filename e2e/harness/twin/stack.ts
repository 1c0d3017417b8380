import { idOf, type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import { contentFor, readCertificates } from '@/lib/adapters/memory/stack-certificates'
import { stackHost } from '@/lib/adapters/memory/stack-host'
import { programsOf } from '@/lib/adapters/memory/stacks'
import { beforePackages, certificateFiles, packagesOf, partFiles, unitOf } from '@/lib/domain/stack/files'
import { dataDirectoryOf, serversWith } from '@/lib/domain/stack/stack'
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
  stacks.declared.set(stackId, {
    id: stackId,
    title: 'shop',
    environmentId,
    environmentName,
    file: text,
    isBuilt: false,
    builtFile: null,
    servers,
  })
  const addresses = Object.fromEntries(servers.map(({ title, address }) => [title, address.address]))
  if (file !== null) stacks.meant.set(stackId, stackOf(file, addresses))
  return stackId
}

const onHosts = ([first, second, third]: readonly string[]): string =>
  `cluster: orders\nnetwork: 10.0.0.0/8\nservers: { ${first}: [postgres, etcd], ${second}: [postgres, etcd], ${third}: [etcd] }\n`

/** Servers with nothing on them that a cluster needs, and the declaration of one. */
export const bareFleet = (text = shopFile, spare: readonly string[] = []): MemoryFleet => {
  const { file } = readStackFile(text)
  const names = Object.keys(file?.servers ?? { db1: [], db2: [], edge: [] })
  const fleet = memoryFleet([{ environment: 'prod', name: 'other', hosts: [...names, ...spare], port: 5999 }])
  declareOn(fleet, names, text)
  return fleet
}

/** A cluster that was built, without the time that building it takes; `spare`: bare servers beside it. */
export const standingFleet = async (text = shopFile, spare: readonly string[] = []): Promise<MemoryFleet> => {
  const fleet = bareFleet(text, spare)
  const { world } = fleet
  const stack = world.stacks.meant.get(stackId)!
  const primary = serversWith(stack, 'postgres')[0]!
  world.stacks.keys.set(stackId, 1)
  world.stacks.built.set(stackId, text)
  world.stacks.ran.add(`${stack.postgres.port}/${stack.database.name}:lookup`).add(`${stack.postgres.port}/postgres:roles`)
  for (const server of stack.servers) {
    const { files, programs, units } = stackHost(world, server.name)
    for (const program of programsOf(packagesOf(stack, server).map(({ name }) => name))) programs.add(program)
    const own = [...certificateFiles(server), ...server.parts.flatMap((part) => partFiles(stack, server, part, primary))]
    for (const file of [...own, ...(server.parts.includes('postgres') ? [beforePackages] : [])])
      files.set(file.path, { content: contentFor(world, stackId, file), before: null })
    for (const part of server.parts) {
      units.set(unitOf[part], { isActive: true, isEnabled: true })
      readCertificates(world, server.name, unitOf[part], 'start')
    }
  }
  // As long as nothing says that it stands etcd may be founded.
  world.stacks.built.delete(stackId)
  const host = fleet.host(primary.name).server.address
  await fleet.read.stacks.cluster(host, `https://${primary.address}:${stack.patroni.restPort}`, { timeoutMs: 1000 })
  world.stacks.built.set(stackId, text)
  const { environmentId } = world.stacks.declared.get(stackId)!
  await fleet.act.inventory.registerCluster(
    {
      environmentId,
      jobId: 'build',
      herd: {
        name: stack.cluster,
        clusterName: stack.cluster,
        port: 5432,
        dataDirectory: dataDirectoryOf(stack),
        systemIdentifier: '7300000000000000001',
      },
      members: serversWith(stack, 'postgres').map(({ name }) => ({
        server: { id: fleet.host(name).server.id },
        port: 5432,
        dataDirectory: dataDirectoryOf(stack),
        socketDirectory: null,
      })),
    },
    { timeoutMs: 1000 },
  )
  return fleet
}

/** Everything of a host is gone, as of another one that takes its name and address. */
export const replaceHost = ({ world }: MemoryFleet, name: string): void => void world.stacks.hosts.delete(name)

/** Changes the declaration of a cluster that was built; servers that leave it run on until they are told otherwise. */
export const redeclare = (fleet: MemoryFleet, text: string): void => {
  const { declared, meant } = fleet.world.stacks
  const { file, problems } = readStackFile(text)
  if (file === null) throw new Error(JSON.stringify(problems))
  const before = meant.get(stackId)!
  const names = [...new Set([...before.servers.map(({ name }) => name), ...Object.keys(file.servers)])]
  const servers = names.map((name) => fleet.host(name).server)
  const after = stackOf(file, Object.fromEntries(servers.map(({ title, address }) => [title, address.address])))
  const parts = (name: string) => [before, after].flatMap((one) => one.servers.find((own) => own.name === name)?.parts ?? [])
  const all = servers.map(({ title: name, address }) => ({ name, address: address.address, parts: [...new Set(parts(name))] }))
  declared.set(stackId, { ...declared.get(stackId)!, file: text, servers })
  meant.set(stackId, { ...after, servers: all })
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
