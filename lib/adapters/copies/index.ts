import { followLines, standbyLines } from '@/lib/domain/replication/conf'
import { writeConninfo } from '@/lib/domain/values/conninfo'
import { quoteShell } from '@/lib/domain/values/shell-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CopiesAct, CopiesRead, CopySpec, Following, HostWorkAct, HostWorkRead, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { makeBackups } from './backups'
import { type Carrier, carryHere } from './carrier'
import { inPlaceCommand, makeInPlace } from './in-place'
import { parseConfiguration, parseSight } from './look'
import { rewindScript } from './rewind-script'
import { makeRewinds } from './rewinds'
import { configurationScript, copyScript, lookScript, mayBeginScript, putBackScript, removeScript, swapScript } from './script'

/** Its walsender is none of the standby that it will be: under that name it could count as a synchronous one. */
const copySource = ({ conninfo }: Following) => writeConninfo({ ...conninfo, application_name: 'matriarch_copy' })
const rewindSource = ({ conninfo: { application_name: _own, ...conninfo } }: Following) =>
  writeConninfo({ ...conninfo, dbname: 'postgres' })

/**
 * Copies of data directories, over SSH. What takes long is host work of its own and outlives the driver that began it; but what two hosts say to each other
 * goes through `carrier`, left out: through this process.
 */
export const makeCopies = (
  ssh: Ssh,
  work: { read: HostWorkRead; act: HostWorkAct },
  carrier: Carrier = carryHere(ssh),
): { read: CopiesRead; act: CopiesAct } => {
  const run = async (instance: InstanceAddress, what: string, script: string, values: string[], options: CallOptions): Promise<string> => {
    const argv = ['sh', '-c', script, 'sh', instance.dataDirectory, ...values]
    const { exitCode, stdout, stderr } = await ssh.exec(instance.host, argv, options)
    if (exitCode === 0) return stdout
    const reason = stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`
    throw new Fault('shell.failed', {
      isOver: true,
      host: instance.host.hostname,
      exitCode,
      because: `${what} on ${instance.host.hostname} failed: ${reason}`,
    })
  }
  const rewinds = makeRewinds(ssh, work)
  const inPlace = makeInPlace(ssh, carrier)
  const backups = makeBackups(run, work.act)
  return {
    read: {
      ...rewinds.read,
      ...inPlace.read,
      ...backups.read,
      look: async (instance, { withSizes, ...options }) => {
        const values = [instance.binDirectory ?? '', withSizes ? 'sizes' : '']
        return parseSight(await run(instance, 'Looking for copies', lookScript, values, options))
      },
      configuration: async (instance, options) =>
        parseConfiguration(await run(instance, 'Reading the configuration', configurationScript, [], options)),
      commands: {
        start: (instance, spec) => [quoteShell(basebackup(instance, spec))],
        rewind: (instance, source) => [quoteShell(['pg_rewind', '-D', instance.dataDirectory, `--source-server=${rewindSource(source)}`])],
        inPlace: (instance) => [inPlaceCommand(instance)],
        swapIn: ({ dataDirectory }) => [
          quoteShell(['mv', `${dataDirectory}/*`, `${dataDirectory}.matriarch/old/`]),
          quoteShell(['mv', `${dataDirectory}.matriarch/new/*`, `${dataDirectory}/`]),
        ],
        remove: ({ dataDirectory }, { keep }) => [
          keep
            ? quoteShell(['mv', `${dataDirectory}.matriarch/old`, `${dataDirectory}.old.DATE`])
            : quoteShell(['rm', '-rf', `${dataDirectory}.matriarch`]),
        ],
      },
    },
    act: {
      ...rewinds.act,
      ...inPlace.act,
      ...backups.act,
      start: async (instance, spec, options) => {
        await run(instance, 'A copy', mayBeginScript, [], options)
        const { key, source, rateKbMax, tablespaces } = spec
        const values = [
          instance.dataDirectory,
          instance.binDirectory ?? '',
          instance.major ?? '',
          key,
          copySource(source),
          source.slotName ?? '',
          rateKbMax === null ? '' : String(rateKbMax),
          ...tablespaces.flatMap(({ oid, location }) => [oid, location]),
        ]
        await work.act.launch(instance.host, key, ['sh', '-c', copyScript, 'sh', ...values], options)
      },
      rewind: (instance, source, key, options) => {
        const following = [followLines(source).join('\n'), standbyLines.join('\n')]
        const values = [instance.dataDirectory, instance.binDirectory ?? '', rewindSource(source), ...following]
        return work.act.launch(instance.host, key, ['sh', '-c', rewindScript, 'sh', ...values], options)
      },
      swapIn: async (instance, key, options) => {
        await run(instance, 'Swapping the directories', swapScript, [key], options)
      },
      putBack: async (instance, key, options) => {
        await run(instance, 'Putting the old directory back', putBackScript, [key], options)
      },
      remove: async (instance, key, { keep, ...options }) => {
        if ((await work.read.look(instance.host, key, options)).state === 'running')
          throw new Fault('shell.failed', {
            isOver: true,
            because: `The copy on ${instance.host.hostname} is still being made: end its work first.`,
          })
        await run(instance, 'Removing what lies aside', removeScript, [key, keep ? 'keep' : ''], options)
      },
    },
  }
}

const basebackup = ({ dataDirectory }: InstanceAddress, { source, rateKbMax, tablespaces }: CopySpec): string[] => [
  'pg_basebackup',
  '-D',
  `${dataDirectory}.matriarch/new`,
  '-d',
  copySource(source),
  '-w',
  '-X',
  'stream',
  '-c',
  'fast',
  ...(source.slotName === null ? [] : [`--slot=${source.slotName}`]),
  ...(rateKbMax === null ? [] : [`--max-rate=${rateKbMax}`]),
  ...tablespaces.map(({ location }) => `--tablespace-mapping=${location}=${location}.matriarch/new`),
]
