import { clusterNameOf, dataDirectoryOf, filesOf, volumeDirectoryOf } from '@/lib/domain/blueprints/launch/launched'
import { noMainCluster, packagesFor, sourceFor } from '@/lib/domain/blueprints/launch/packages'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ClusterSpec, HostAddress, LaunchedMachine, ReadPorts, StackKeysWanted, StackLook } from '@/lib/ports'
import { dataDevice } from '@/lib/ports/launches'
import { followOutput } from '../steps/postgres/server'
import {
  addressOf,
  hostOf,
  instanceOn,
  keysIdOf,
  type LaunchFacts,
  lookTimeoutMs,
  machineNow,
  memberName,
  placeIn,
  settingsFor,
  taggedBy,
} from './facts'
import { mustRun } from './trust'

const actTimeoutMs = 60_000
const installTimeoutMs = 15 * 60_000
const makeTimeoutMs = 180_000
const startTimeoutMs = 300_000
/** Of the server’s certificate: the herd is to be torn down or refreshed before. */
const certificateDays = 825

/** What a host holds goes with the machine, whose step undoes it. */
export const withMachine = { undo: async () => {}, sentence: 'It goes with the machine.' }

type Look = (facts: LaunchFacts, host: HostAddress, ports: ReadPorts, signal: AbortSignal, machine: LaunchedMachine) => Promise<boolean>

/** Of a step on the host: whether it is so already, while there is a machine. */
export const checkOnHost =
  (isSo: Look): Effect<LaunchFacts, null, null>['check'] =>
  async (facts, ports, { signal }) => {
    const machine = await machineNow(facts, ports, signal)
    if (machine === null || hostOf(facts, machine).hostKey === null) return { found: 'ready', before: null }
    return (await isSo(facts, hostOf(facts, machine), ports, signal, machine))
      ? { found: 'done', output: null }
      : { found: 'ready', before: null }
  }

const volumeOf = async (facts: LaunchFacts, { id }: LaunchedMachine, ports: ReadPorts, signal: AbortSignal): Promise<string> => {
  const { volumes } = await taggedBy(placeIn(facts), facts.launch.id, ports, signal)
  const volume = volumes.find(({ machineId, device }) => machineId === id && device === dataDevice)
  if (volume === undefined) throw new Fault('step.unknown', { because: 'the machine’s volume is not in sight' })
  return volume.id
}

export const mountVolume = (): Effect<LaunchFacts, null, null> => ({
  title: 'Mount the volume',
  preview: ({ launch: { blueprint }, kept }) => ({
    sentence: `${kept === null ? 'Format the volume with ext4 if it is blank (one that holds anything is never formatted), and mount it' : `Mount ${kept.id}`} by its UUID on ${volumeDirectoryOf(blueprint)}, now and at every boot.`,
    commands: [
      ...(kept === null ? [`mkfs.ext4 -m 0 ${dataDevice}`] : []),
      `UUID=… ${volumeDirectoryOf(blueprint)} ext4 defaults,noatime,nofail 0 2 in /etc/fstab`,
    ],
  }),
  check: checkOnHost(async (facts, host, ports, signal, machine) =>
    ports.stacks.isMounted(
      host,
      { volumeId: await volumeOf(facts, machine, ports, signal), directory: volumeDirectoryOf(facts.launch.blueprint) },
      { timeoutMs: lookTimeoutMs, signal },
    ),
  ),
  run: async (facts, _before, ports, { signal }) => {
    const machine = await mustRun(facts, ports, signal)
    const volumeId = await volumeOf(facts, machine, ports.read, signal)
    const directory = volumeDirectoryOf(facts.launch.blueprint)
    await ports.act.stacks.mount(hostOf(facts, machine), { volumeId, directory }, { timeoutMs: makeTimeoutMs, signal })
  },
  timeoutMs: makeTimeoutMs + actTimeoutMs,
  ending: withMachine,
})

const look = (facts: LaunchFacts, host: HostAddress, what: StackLook, ports: ReadPorts, signal: AbortSignal) =>
  ports.stacks.look(host, keysIdOf(facts), what, { timeoutMs: lookTimeoutMs, signal })

export const installPackages = (): Effect<LaunchFacts, null, null> => ({
  title: 'Install PostgreSQL',
  preview: ({ launch: { blueprint } }) => {
    const source = sourceFor(blueprint.major)
    return {
      sentence: `Install PostgreSQL ${blueprint.major} from ${source === null ? 'Debian' : 'the PostgreSQL project’s repository, since Debian 13 has only 17'}. No cluster of Debian’s own is created.`,
      commands: [
        `write ${noMainCluster.path}\n${noMainCluster.text.trimEnd()}`,
        ...(source === null
          ? []
          : [
              `apt-get install --no-install-recommends ${source.first.join(' ')}`,
              `write ${source.file.path}\n${source.file.text.trimEnd()}`,
            ]),
        `apt-get install --no-install-recommends ${packagesFor(blueprint)
          .map(({ name }) => name)
          .join(' ')}`,
      ],
    }
  },
  check: checkOnHost(async (facts, host, ports, signal) => {
    const packages = packagesFor(facts.launch.blueprint)
    const programs = packages.map(({ program }) => program)
    const seen = await look(facts, host, { files: [noMainCluster], programs }, ports, signal)
    return seen.files.every(({ state }) => state === 'same') && programs.every((one) => seen.programs.includes(one))
  }),
  run: async (facts, _before, ports, { signal }) => {
    const host = hostOf(facts, await mustRun(facts, ports, signal))
    const packages = packagesFor(facts.launch.blueprint)
    const options = { timeoutMs: actTimeoutMs, signal }
    const { programs } = await look(facts, host, { programs: packages.map(({ program }) => program) }, ports.read, signal)
    const missing = packages.filter(({ program }) => !programs.includes(program)).map(({ name }) => name)
    await ports.act.stacks.put(host, keysIdOf(facts), [noMainCluster], options)
    if (missing.length === 0) return
    const source = sourceFor(facts.launch.blueprint.major)
    if (source !== null) {
      await ports.act.stacks.install(host, source.first, { timeoutMs: installTimeoutMs, signal })
      await ports.act.stacks.put(host, keysIdOf(facts), [source.file], options)
    }
    await ports.act.stacks.install(host, missing, { timeoutMs: installTimeoutMs, signal })
  },
  timeoutMs: 2 * installTimeoutMs,
  canInterrupt: true,
  ending: withMachine,
})

const keysWanted = (facts: LaunchFacts, machine: LaunchedMachine): StackKeysWanted => ({
  cluster: facts.launch.blueprint.name,
  secrets: [],
  servers: [{ name: memberName(facts), address: addressOf(facts, machine) ?? '' }],
  days: certificateDays,
})

export const makeKeys = (): Effect<LaunchFacts, null, null> => ({
  title: 'Make authority and certificate',
  preview: (facts) => ({
    sentence: `Make an authority for this herd and a certificate for ${memberName(facts)} and its address (valid for ${certificateDays} days). Keys are sealed in the console.`,
    commands: [],
  }),
  check: async (facts, ports, { signal }) => {
    const machine = await machineNow(facts, ports, signal)
    const has = machine !== null && (await ports.stacks.hasKeys(keysIdOf(facts), keysWanted(facts, machine)))
    return has ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    const wanted = keysWanted(facts, await mustRun(facts, ports, signal))
    await ports.act.stacks.makeKeys(keysIdOf(facts), wanted, { timeoutMs: actTimeoutMs, signal })
  },
  timeoutMs: actTimeoutMs + 10_000,
  ending: {
    undo: async (facts, _before, _output, ports, { signal }) => {
      if (facts.number === 1) await ports.act.stacks.dropKeys(keysIdOf(facts), { timeoutMs: actTimeoutMs, signal })
    },
    sentence: 'If the job fails later, those of a herd that does not stand are deleted; the certificate of a standby goes with its herd.',
  },
})

export const specFor = (facts: LaunchFacts, machine: LaunchedMachine | null): Omit<ClusterSpec, 'key'> => ({
  hasChecksums: true,
  encoding: 'UTF8',
  locale: 'C.UTF-8',
  settings: Object.fromEntries(settingsFor(facts, machine).map(({ name, value }) => [name, value])),
  letsIn: 'samehost',
})

export const createCluster = (): Effect<LaunchFacts, { key: string }, null> => ({
  title: 'Create the cluster',
  preview: (facts) => ({
    sentence: `Create the cluster ${clusterNameOf(facts.launch.blueprint)} in ${dataDirectoryOf(facts.launch.blueprint)}, with data checksums, set for the machine.`,
    commands: [
      `pg_createcluster ${facts.launch.blueprint.major} ${clusterNameOf(facts.launch.blueprint)} -- -k --auth-local=peer --auth-host=scram-sha-256`,
      ...settingsFor(facts, null).map(({ name, value, because }) => `${name} = '${value}': ${because}`),
    ],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const before = intended?.before ?? { key: crypto.randomUUID() }
    const machine = await machineNow(facts, ports, signal)
    if (machine === null || hostOf(facts, machine).hostKey === null || intended === null) return { found: 'ready', before }
    const { made } = await ports.clusters.look(instanceOn(facts, hostOf(facts, machine)), { timeoutMs: lookTimeoutMs, signal })
    return made?.key === before.key && made.isWhole ? { found: 'done', output: null } : { found: 'ready', before }
  },
  run: async (facts, { key }, ports, context) => {
    const machine = await mustRun(facts, ports, context.signal)
    const instance = instanceOn(facts, hostOf(facts, machine))
    const spec = { key, ...specFor(facts, machine) }
    await ports.act.clusters.make(instance, spec, {
      timeoutMs: makeTimeoutMs,
      ...followOutput(context, ports.read.clusters.commands.make(instance, spec)),
    })
  },
  timeoutMs: makeTimeoutMs + 10_000,
  ending: withMachine,
})

export const writeFiles = (): Effect<LaunchFacts, null, null> => ({
  title: 'Write certificate and access rules',
  preview: ({ launch: { blueprint }, number }) => ({
    sentence:
      'Write the certificate, its key for postgres alone, and pg_hba.conf: no line lets anybody in without a password or in the clear.',
    commands: filesOf(blueprint, number).map(({ path, mode, owner, text }) => `write ${path} (${mode}, ${owner})\n${text.trimEnd()}`),
  }),
  check: checkOnHost(async (facts, host, ports, signal) => {
    const { files } = await look(facts, host, { files: filesOf(facts.launch.blueprint, facts.number) }, ports, signal)
    return files.every(({ state }) => state === 'same')
  }),
  run: async (facts, _before, ports, { signal }) => {
    const host = hostOf(facts, await mustRun(facts, ports, signal))
    await ports.act.stacks.put(host, keysIdOf(facts), filesOf(facts.launch.blueprint, facts.number), { timeoutMs: actTimeoutMs, signal })
  },
  timeoutMs: actTimeoutMs + 10_000,
  ending: withMachine,
})

export const startServer = (): Effect<LaunchFacts, null, null> => ({
  title: 'Start PostgreSQL',
  preview: ({ launch: { blueprint } }) => ({
    sentence: 'Start the server, which starts with the machine from then on.',
    commands: [`pg_ctlcluster ${blueprint.major} ${clusterNameOf(blueprint)} start`],
  }),
  check: checkOnHost(async (facts, host, ports, signal) => {
    const probe = await ports.postgres.probe(instanceOn(facts, host), { timeoutMs: lookTimeoutMs, signal })
    return probe.state === 'online' && probe.role === 'primary'
  }),
  run: async (facts, _before, ports, context) => {
    const instance = instanceOn(facts, hostOf(facts, await mustRun(facts, ports, context.signal)))
    const { state } = await ports.read.postgres.probe(instance, { timeoutMs: lookTimeoutMs, signal: context.signal })
    if (state === 'online') return
    await ports.act.postgres.start(instance, {
      timeoutMs: startTimeoutMs,
      ...followOutput(context, ports.read.postgres.commands.start(instance)),
    })
  },
  timeoutMs: startTimeoutMs + 10_000,
  ending: withMachine,
})
