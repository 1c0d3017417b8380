import { patroniConfigPath } from '@/lib/domain/stack/patroni-file'
import { dataDirectoryOf, type Stack } from '@/lib/domain/stack/stack'
import type { StackFile } from '@/lib/domain/stack/stack-file'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, HostAddress, StacksAct, StacksRead } from '@/lib/ports'
import { certificateActs, certificateReads, contentFor, readCertificates, refusedIn } from './stack-certificates'
import { changeEtcdOf, hasQuorum, listEtcd, settleEtcd } from './stack-etcd'
import { failed, isActive, running, stackHost } from './stack-host'
import { type Calls, perform, reach } from './world/calls'
import { makeHost } from './world/make-world'
import { hostAt } from './world/reached-host'
import type { MemoryStackHost } from './world/stacks'
import type { World } from './world/world'

/** What daemons do by themselves, until nothing more happens. */
const settle = (world: World): void => {
  for (const stack of world.stacks.meant.values()) {
    const { leaders } = world.stacks
    settleEtcd(world, stack)
    const alive = hasQuorum(world, stack) ? running(world, stack, 'postgres', 'patroni') : []
    if (!alive.includes(leaders.get(stack.cluster) ?? '')) leaders.delete(stack.cluster)
    const [first] = alive
    if (first === undefined) continue
    if (!leaders.has(stack.cluster)) leaders.set(stack.cluster, first)
    for (const name of alive) stackHost(world, name).directories.set(dataDirectoryOf(stack), 'taken')
    const standbys = alive.filter((name) => name !== leaders.get(stack.cluster) && !tags(world, name).includes('nosync: true'))
    const { synchronous } = world.stacks
    // Not the one that a plan would name first: Patroni asks nobody.
    if (stack.postgres.synchronous === 'off' || standbys.length === 0) synchronous.delete(stack.cluster)
    else if (!standbys.includes(synchronous.get(stack.cluster) ?? '')) synchronous.set(stack.cluster, standbys.at(-1)!)
  }
}

const tags = (world: World, name: string): string => stackHost(world, name).files.get(patroniConfigPath)?.content.split('\ntags:')[1] ?? ''

const stackAt = (world: World, url: string): Stack | undefined =>
  [...world.stacks.meant.values()].find(({ servers }) => servers.some(({ address }) => url.includes(`//${address}:`)))

export const memoryStacksRead = (world: World): StacksRead => {
  const at = async (host: HostAddress, options: CallOptions): Promise<MemoryStackHost> => {
    const there = hostAt(world, host)
    await reach(world.clock, there, options)
    settle(world)
    return stackHost(world, there.server.title)
  }
  const contentOf = (stackId: string, file: StackFile): string => contentFor(world, stackId, file)
  return {
    declared: async (stackId) => {
      const found = world.stacks.declared.get(stackId)
      if (found === undefined) throw new Fault('record.missing', { because: 'The declared cluster is not registered any more.' })
      return { ...found, isBuilt: world.stacks.built.has(stackId), builtFile: world.stacks.built.get(stackId) ?? null }
    },
    hasKeys: async (stackId) => world.stacks.keys.has(stackId),
    ...certificateReads(world, at, stackAt),
    look: async (host, stackId, { files = [], programs = [], units = [], directories = [], listeners = [] }, options) => {
      const seen = await at(host, options)
      return {
        whyNotRoot: seen.whyNotRoot,
        clockOffsetMs: seen.clockOffsetMs,
        programs: programs.filter((one) => seen.programs.has(one)),
        files: files.map((file) => {
          const there = seen.files.get(file.path)
          const state = there === undefined ? 'absent' : there.content === contentOf(stackId, file) ? 'same' : 'other'
          return { path: file.path, state, sum: there?.content ?? '' }
        }),
        units: units.map((name) => ({ name, ...(seen.units.get(name) ?? { isActive: false, isEnabled: false }) })),
        directories: directories.map((path) => ({ path, state: seen.directories.get(path) ?? 'absent' })),
        listeners: listeners.filter((port) => seen.listeners.has(port)),
      }
    },
    text: async (host, _stackId, path, options) => (await at(host, options)).files.get(path)?.content.replace(/^[^\n]*\n/, '') ?? null,
    isEtcdHealthy: async (host, url, options) => {
      await at(host, options)
      const stack = stackAt(world, url)
      return stack !== undefined && hasQuorum(world, stack) && isActive(world, host.hostname, 'etcd')
    },
    etcdMembers: async (host, url, options) => {
      await at(host, options)
      const stack = stackAt(world, url)
      return stack === undefined
        ? null
        : (listEtcd(world, stack, host.hostname)?.map(({ peerUrl, ...one }) => ({ ...one, peerUrls: [peerUrl] })) ?? null)
    },
    cluster: async (host, url, options) => {
      await at(host, options)
      const stack = stackAt(world, url)
      const leader = stack === undefined ? undefined : world.stacks.leaders.get(stack.cluster)
      if (stack === undefined || leader === undefined) return null
      const members = running(world, stack, 'postgres', 'patroni').map((name) => ({
        name,
        role: name === leader ? 'leader' : name === world.stacks.synchronous.get(stack.cluster) ? 'sync_standby' : 'replica',
        state: name === leader ? 'running' : 'streaming',
        lag: 0,
        timeline: 1,
      }))
      return { systemIdentifier: '7300000000000000001', members }
    },
    door: async (host, _stackId, door, options) => {
      await at(host, options)
      return doorAnswer(world, door)
    },
    isMounted: async (host, { volumeId }, options) => {
      await at(host, options)
      return world.launches.mounted.get(hostAt(world, host).server.title) === volumeId
    },
    value: async (host, { port, database }, sql, options) => {
      await at(host, options)
      return [...world.stacks.ran].some((one) => one.startsWith(`${port}/${database}:`)) && sql !== '' ? '1' : null
    },
  }
}

/** A server that takes writes, beside those of declared clusters. */
const primaryAt = (world: World, at: { hostname?: string; address?: string; port: number }): boolean =>
  [...world.instances.values()].some(
    ({ host, state, hasStandbySignal, inventory }) =>
      [at.hostname, at.address].some((one) => one === host.server.title || one === host.server.address.address) &&
      inventory.address.port === at.port &&
      state === 'running' &&
      !hasStandbySignal,
  )

const doorAnswer = (world: World, { address, port, title }: { address: string; port: number; title: string }) => {
  if (primaryAt(world, { address, port })) return 'primary'
  const stack = stackAt(world, `https://${address}:`)
  const server = stack?.servers.find((one) => one.address === address)
  const leader = stack === undefined ? undefined : world.stacks.leaders.get(stack.cluster)
  if (stack === undefined || server === undefined || leader === undefined) return { because: `${title} does not answer` }
  const unit = port === stack.pooler.port ? 'pgbouncer' : port === stack.postgres.port ? 'patroni' : 'haproxy'
  if (!isActive(world, server.name, unit)) return { because: `${title} refuses the connection` }
  const leads = stack.servers.find(({ name }) => name === leader)!
  if (unit === 'pgbouncer') {
    const file = stackHost(world, server.name).files.get('/etc/pgbouncer/pgbouncer.ini')?.content ?? ''
    return file.includes(`host=${leads.address} `) ? 'primary' : 'standby'
  }
  if (unit === 'patroni') return server.name === leader ? 'primary' : 'standby'
  return port === stack.proxy.readPort ? 'standby' : 'primary'
}

export const programsOf = (packages: readonly string[]): string[] =>
  packages.flatMap((name) => {
    const postgres = /^postgresql-(client-)?(\d+)$/.exec(name)
    if (postgres !== null) return [`/usr/lib/postgresql/${postgres[2]}/bin/${postgres[1] === undefined ? 'postgres' : 'psql'}`]
    const others: Record<string, string> = {
      'etcd-server': '/usr/bin/etcd',
      patroni: '/usr/bin/patroni',
      'python3-idna': '/usr/lib/python3/dist-packages/idna/__init__.py',
      curl: '/usr/bin/curl',
      pgbouncer: '/usr/sbin/pgbouncer',
      haproxy: '/usr/sbin/haproxy',
    }
    return others[name] === undefined ? [] : [others[name]]
  })

/** Where what belongs to no declared cluster is kept: it answers whatever is off. */
const metadata = makeHost('console', 'metadata')

export const memoryStacksAct = (world: World, calls: Calls): StacksAct => {
  const on = (host: HostAddress, act: string, options: CallOptions, action: (seen: MemoryStackHost) => void): Promise<void> => {
    const there = hostAt(world, host)
    return perform(calls, world.clock, there, { act, target: host.hostname }, options, () => {
      settle(world)
      action(stackHost(world, there.server.title))
      settle(world)
    })
  }
  /** The console's own database goes wrong as hosts do. */
  const own = (stackId: string, act: string, options: CallOptions, action: () => void): Promise<void> => {
    const declared = world.stacks.declared.get(stackId)
    const host = declared === undefined ? metadata : hostAt(world, declared.servers[0]!.address)
    return perform(calls, world.clock, host, { act, target: 'console' }, options, action)
  }
  return {
    makeKeys: (stackId, _wanted, options) =>
      own(stackId, 'make keys', options, () => {
        if (!world.stacks.keys.has(stackId)) world.stacks.keys.set(stackId, 1)
      }),
    ...certificateActs(world, own),
    dropKeys: (stackId, options) => own(stackId, 'drop keys', options, () => void world.stacks.keys.delete(stackId)),
    markBuilt: (stackId, file, options) =>
      own(
        stackId,
        `mark built ${file !== null}`,
        options,
        () => void (file === null ? world.stacks.built.delete(stackId) : world.stacks.built.set(stackId, file)),
      ),
    install: (host, packages, options) =>
      on(host, 'install packages', options, ({ programs }) => {
        const { majors } = hostAt(world, host)
        for (const name of packages) if (/^postgresql-\d+$/.test(name)) majors.push(name.slice('postgresql-'.length))
        for (const program of programsOf(packages)) programs.add(program)
      }),
    purge: (host, packages, options) =>
      on(host, 'purge packages', options, ({ programs, units }) => {
        if ([...units.values()].some((one) => one.isActive)) throw failed('a daemon of them runs')
        for (const program of programsOf(packages)) programs.delete(program)
      }),
    put: (host, stackId, files, options) =>
      on(host, `put ${files.map(({ path }) => path).join(' ')}`, options, (seen) => {
        for (const file of files) {
          const [content, there] = [contentFor(world, stackId, file), seen.files.get(file.path)]
          if (there?.content !== content)
            seen.files.set(file.path, { content, before: (options.isAgain ? there?.before : there?.content) ?? null })
        }
        refusedIn(world, stackId)
      }),
    takeBack: (host, stackId, files, options) =>
      on(host, `take back ${files.map(({ path }) => path).join(' ')}`, options, (seen) => {
        for (const path of new Set(files.map((file) => file.path))) {
          const there = seen.files.get(path)
          const isOurs = files.some((file) => file.path === path && contentFor(world, stackId, file) === there?.content)
          if (there === undefined) continue
          if (!isOurs) throw failed(`${path} was changed by somebody else`)
          if (there.before === null) seen.files.delete(path)
          else seen.files.set(path, { content: there.before, before: null })
        }
      }),
    unit: (host, unit, verb, options) =>
      on(host, `${verb} ${unit}`, options, ({ units }) => {
        readCertificates(world, host.hostname, unit, verb)
        if (verb === 'stop') units.set(unit, { isActive: false, isEnabled: false })
        else if (verb === 'start') units.set(unit, { isActive: true, isEnabled: true })
        else if (units.get(unit)?.isActive !== true) throw failed(`${unit} is not active`)
      }),
    mount: (host, { volumeId }, options) =>
      on(host, `mount ${volumeId}`, options, () => {
        const volume = world.launches.volumes.get(volumeId)
        if (volume?.machineId == null) throw failed(`the volume ${volumeId} does not show up among the devices`)
        const there = hostAt(world, host)
        world.launches.mounted.set(there.server.title, volumeId)
        // What lies on it comes with it.
        for (const one of world.instances.values()) if (one.host.server.title === volume.from) one.host = there
        volume.from = there.server.title
      }),
    changeEtcd: (host, url, change, options) =>
      on(host, `etcd ${Object.entries(change)[0]!.join(' ')}`, options, () => {
        const stack = stackAt(world, url)
        if (stack === undefined) throw failed('no etcd is there')
        changeEtcdOf(world, stack, change)
      }),
    remove: (host, paths, options) =>
      on(host, `remove ${paths.join(' ')}`, options, ({ files }) => {
        for (const path of paths) files.delete(path)
      }),
    clear: (host, directory, options) =>
      on(host, `clear ${directory}`, options, ({ directories, units }) => {
        const unit = directory.startsWith('/var/lib/etcd') ? 'etcd' : 'patroni'
        if (units.get(unit)?.isActive === true) throw failed(`${unit} runs in ${directory}`)
        directories.delete(directory)
      }),
    sql: (host, _stackId, { port, database }, text, options) =>
      on(host, `sql in ${database}`, options, () => {
        if (![...world.stacks.leaders.values()].includes(host.hostname) && !primaryAt(world, { hostname: host.hostname, port }))
          throw failed('cannot execute in a read-only transaction')
        world.stacks.ran.add(`${port}/${database}:${text}`)
      }),
    write: (host, _stackId, door, key, options) =>
      on(host, `write through ${door.title}`, options, () => {
        const answer = doorAnswer(world, door)
        if (answer !== 'primary')
          throw failed(typeof answer === 'string' ? 'cannot execute INSERT in a read-only transaction' : answer.because)
        world.stacks.ran.add(`row ${key}`)
      }),
    switchover: (host, _stackId, { url, leader, candidate }, options) =>
      on(host, `switchover to ${candidate}`, options, () => {
        const stack = stackAt(world, url)
        if (stack === undefined || world.stacks.leaders.get(stack.cluster) !== leader)
          throw failed('Patroni refused the switchover: leader name does not match')
        const { synchronous } = world.stacks
        if (stack.postgres.synchronous !== 'off' && synchronous.get(stack.cluster) !== candidate)
          throw failed('Patroni refused the switchover: candidate name does not match with sync_standby')
        world.stacks.leaders.set(stack.cluster, candidate)
      }),
  }
}
