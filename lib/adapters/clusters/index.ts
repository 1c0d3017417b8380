import { usualBinDirectory } from '@/lib/domain/values/command-profiles'
import { quoteShell } from '@/lib/domain/values/shell-quote'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type {
  CallOptions,
  ClusterSite,
  ClusterSpec,
  ClustersAct,
  ClustersRead,
  CommandOptions,
  HostAddress,
  InstanceAddress,
} from '@/lib/ports'
import type { Ssh } from '../ssh'
import {
  adoptScript,
  dropScript,
  handOverScript,
  installedScript,
  keepPassfileScript,
  makeScript,
  readPasswordScript,
  replicatorScript,
  siteScript,
  writePasswordScript,
} from './script'

const isDebian = ({ profile }: InstanceAddress): boolean => profile.startsWith('debian')

const placeOf = (instance: InstanceAddress): string[] => [
  isDebian(instance) ? 'debian' : 'generic',
  instance.dataDirectory,
  instance.binDirectory ?? '',
  instance.major ?? '',
  instance.clusterName,
  String(instance.port),
]

const confLines = ({ settings }: Pick<ClusterSpec, 'settings'>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${quoteLiteral(value)}`)
    .join('\n')

const hbaLines = ({ letsIn }: Pick<ClusterSpec, 'letsIn'>): string =>
  ['all', 'replication'].map((database) => `host ${database} all ${letsIn} scram-sha-256`).join('\n')

/** Making and dropping clusters over SSH, with what the platform has for it. */
export const makeClusters = (ssh: Ssh): { read: ClustersRead; act: ClustersAct } => {
  const run = async (
    host: HostAddress,
    what: string,
    script: string,
    values: readonly string[],
    options: CommandOptions,
  ): Promise<string> => {
    const { exitCode, stdout, stderr } = await ssh.exec(host, ['sh', '-c', script, 'sh', ...values], options)
    if (exitCode === 0) return stdout
    const reason = stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`
    throw new Fault('shell.failed', {
      isOver: true,
      host: host.hostname,
      exitCode,
      because: `${what} on ${host.hostname} failed: ${reason}`,
    })
  }
  const at = (instance: InstanceAddress, what: string, script: string, more: readonly string[], options: CallOptions) =>
    run(instance.host, what, script, [...placeOf(instance), ...more], options)
  return {
    read: {
      installed: async (host, { binDirectory, ...options }) => {
        const lines = (await run(host, 'Looking for PostgreSQL', installedScript, [binDirectory ?? ''], options)).split('\n')
        const majors = new Set(lines.flatMap((line) => /^major=(\d+)$/.exec(line)?.[1] ?? []))
        return { majors: [...majors].sort((a, b) => Number(b) - Number(a)), hasDebianTools: lines.includes('tools=yes') }
      },
      look: async (instance, options) => parseSite(await at(instance, 'Checking the place of the new cluster', siteScript, [], options)),
      commands: {
        make: (instance, spec) => [quoteShell(makeCommand(instance, spec))],
        drop: (instance) => [
          isDebian(instance)
            ? quoteShell(['pg_dropcluster', instance.major ?? 'MAJOR', instance.clusterName])
            : quoteShell(['rm', '-rf', instance.dataDirectory]),
        ],
      },
    },
    act: {
      make: async (instance, spec, options) => {
        const checksums = spec.hasChecksums ? '-k' : Number(instance.major) >= 18 ? '--no-data-checksums' : ''
        const more = [spec.key, checksums, spec.encoding, spec.locale, confLines(spec), hbaLines(spec)]
        await at(instance, 'Making the cluster', makeScript, more, options)
      },
      adopt: async (instance, spec, options) => {
        const more = [spec.encoding, spec.locale, confLines(spec), hbaLines(spec)]
        await at(instance, 'Taking over the data', adoptScript, more, options)
      },
      keepPassfile: async (instance, options) => {
        await at(instance, 'Keeping the passfile', keepPassfileScript, [], options)
      },
      drop: async (instance, key, options) => {
        await at(instance, 'Dropping what was made', dropScript, [key], options)
      },
      handOver: async (instance, options) => {
        await at(instance, 'Handing the new cluster over', handOverScript, [], options)
      },
      makeReplicator: async ({ host, socketDirectory, port, binDirectory, major }, role, options) => {
        const values = [role, socketDirectory, String(port), binDirectory ?? '', major ?? '']
        await run(host, `Making the role ${role}`, replicatorScript, values, options)
      },
      sharePassword: async (from, to, role, options) => {
        const lines = await run(from, 'Reading the passfile', readPasswordScript, [role], options)
        if (lines.trim() === '')
          throw new Fault('shell.failed', {
            isOver: true,
            host: from.hostname,
            because: `The passfile of ${from.hostname} has no password of ${role} for replication. Put it into ~/.pgpass of ${to.hostname} by hand: *:*:*:${role}:PASSWORD`,
          })
        await run(to, 'Writing the passfile', writePasswordScript, [], { ...options, stdin: lines })
      },
    },
  }
}

const makeCommand = (instance: InstanceAddress, { hasChecksums, encoding, locale }: ClusterSpec): string[] => {
  const major = instance.major ?? 'MAJOR'
  const access = [...(hasChecksums ? ['-k'] : []), '--auth-local=peer', '--auth-host=scram-sha-256']
  return isDebian(instance)
    ? ['pg_createcluster', major, instance.clusterName, '-d', instance.dataDirectory, '-p', String(instance.port)].concat(
        ['-e', encoding, '--locale', locale, '--'],
        access,
      )
    : [`${instance.binDirectory ?? usualBinDirectory(instance.profile, major)}/initdb`, '-D', instance.dataDirectory].concat(
        ['-E', encoding, `--locale=${locale}`],
        access,
      )
}

export const parseSite = (output: string): ClusterSite => {
  const all = (name: string) => output.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []))
  const directory = (['absent', 'empty', 'taken'] as const).find((state) => state === all('directory')[0])
  if (directory === undefined)
    throw new Fault('shell.failed', { isOver: true, because: 'The host’s answer about the data directory could not be read.' })
  const [key, stage] = all('made')[0]?.split(' ') ?? []
  return {
    directory,
    isConfigured: all('configured').length > 0,
    portTakenBy: all('port').at(-1) ?? null,
    because: all('problem')[0] ?? null,
    freeBytes: all('free')[0] === undefined ? null : Number(all('free')[0]),
    made: key === undefined ? null : { key, isWhole: stage === 'whole' },
  }
}
