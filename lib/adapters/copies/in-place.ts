import { quoteShell } from '@/lib/domain/values/shell-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress, InPlaceAct, InPlaceAnswer, InPlaceRead, InPlaceSpec, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import type { Carrier } from './carrier'
import { ownNames } from './data-place-script'
import { mayBackUp, startBackup } from './in-place-backup'
import { beginScript, finishScript, receiveScript, relayScript, tryScript } from './in-place-script'
import type { Carried } from './in-place-wire'

/** Of rsync itself, at either end: one that hears nothing for so long ends. */
const silenceSeconds = 300
const fileTimeoutMs = 60_000
const beginTimeoutMs = 300_000
/** What was written may still be on its way to a slow disk. */
const finishTimeoutMs = 3_600_000
const controlReadsMax = 5

/** Kept as it is on this host, and left where it is on the other. */
const kept = [
  ...ownNames.map((name) => `/${name}`),
  '/matriarch.copy',
  '/lost+found',
  '/log',
  '/pg_log',
  '/current_logfiles',
  '/backup_label',
  '/tablespace_map',
  '/standby.signal',
  '/pg_wal',
  '/pg_xlog',
  '/pg_tblspc/*',
  '/global/pg_control',
]
const emptied = ['pg_replslot', 'pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans']
const temporary = ['pgsql_tmp*', 'pg_internal.init*', 't[0-9]*_[0-9]*']
/** Files of the running server, or made again by the next one: pg_basebackup leaves them out too. What this host has of it goes. */
const leftOut = [
  ...emptied.map((name) => `/${name}/*`),
  ...['postmaster.pid', 'postmaster.opts', 'recovery.signal', 'recovery.done', 'backup_label.old', 'tablespace_map.old'].map(
    (name) => `/${name}`,
  ),
  ...['/backup_manifest', '/postgresql.auto.conf.tmp', '/current_logfiles.tmp', ...temporary],
]
const dataFilters = [...kept.map((name) => `- ${name}`), ...leftOut.map((name) => `H ${name}`)]
/** Of a tablespace: what is not of this major version belongs to somebody else. */
const spaceFilters = (major: string | null) => [...temporary.map((name) => `H ${name}`), `+ /PG_${major ?? '*'}_*`, '- /*']

/**
 * Servers that diverged have files of the same size, written at about the same time, that differ: size and time prove nothing, so every file is compared
 * (--ignore-times), block by block, and only what differs moves (--no-whole-file). --inplace needs no room for a second copy of a file, and a torn one is
 * what the WAL of the backup is for. --delete-before makes room first.
 */
const receiveArguments = (filters: readonly string[]): string[] => [
  ...['--recursive', '--perms', '--ignore-times', '--keep-dirlinks', '--inplace', '--no-whole-file', '--delete-before'],
  ...['--blocking-io', `--timeout=${silenceSeconds}`, '--info=progress2', '--no-human-readable'],
  ...filters.map((filter) => `--filter=${filter}`),
  ...['-e', `sh -c '${relayScript}' sh`, 'upstream:/'],
]

/** What a receiver of these arguments asks its other end for, less what its version decides on. */
const sendArguments = (directory: string, rateKbMax: number | null): string[] => [
  `--timeout=${silenceSeconds}`,
  ...(rateKbMax === null ? [] : [`--bwlimit=${rateKbMax}`]),
  ...['--inplace', '.', `${directory}/`],
]

const isHarmless = (line: string): boolean =>
  /^file has vanished: |^rsync warning: some files vanished |^rsync error: some files\/attrs were not transferred |^WARNING: .* failed verification |^skipping /.test(
    line,
  ) || /read errors mapping .*No data available \(61\)$/.test(line)

/** Files of a server that runs vanish and become shorter: their end is in the WAL, and rsync has taken them again as far as they are there. */
const hasCome = ({ exitCode, said }: Carried): boolean =>
  exitCode === 0 || ((exitCode === 24 || exitCode === 23) && said.length > 0 && said.every(isHarmless))

const shell = (script: string, ...values: string[]) => ['sh', '-c', script, 'sh', ...values]

export const makeInPlace = (ssh: Ssh, carrier: Carrier): { read: InPlaceRead; act: InPlaceAct } => {
  const run = async (host: HostAddress, what: string, argv: string[], options: CallOptions): Promise<string> => {
    const { exitCode, stdout, stderr } = await ssh.exec(host, argv, options)
    if (exitCode === 0) return stdout
    throw failed(host, `${what} failed: ${stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`}`)
  }
  const lacks = async (host: HostAddress, directory: string, options: CallOptions): Promise<string | null> => {
    const said = (await run(host, 'Looking for rsync', shell(tryScript, directory), options)).trim()
    return said === '' ? null : `on ${host.hostname} ${said}`
  }
  const begin = async (instance: InstanceAddress, { key, tablespaces }: InPlaceSpec, again: 'again' | '', options: CallOptions) => {
    const spaces = tablespaces.flatMap(({ oid, location }) => [oid, location])
    await run(instance.host, 'Beginning in place', shell(beginScript, instance.dataDirectory, key, again, ...spaces), options)
  }
  /** It is one block, and may be written while it is read. */
  const readControl = async ({ host, dataDirectory }: InstanceAddress, options: CallOptions): Promise<string> => {
    let last = ''
    for (let reads = 0; reads < controlReadsMax; reads += 1) {
      const text = await run(host, 'Reading the control file', ['base64', '-w', '0', `${dataDirectory}/global/pg_control`], options)
      if (text !== '' && text === last) return text
      last = text
    }
    throw failed(host, 'Its control file changes all the time')
  }
  return {
    read: {
      tryInPlace: async (instance, upstream, options): Promise<InPlaceAnswer> => {
        const [here, there, backup] = await Promise.all([
          lacks(instance.host, '', options),
          lacks(upstream.host, upstream.dataDirectory, options),
          mayBackUp(ssh, upstream, options),
        ])
        const because = here ?? there
        return because === null ? backup : { works: false, because }
      },
    },
    act: {
      beginInPlace: (instance, spec, options) => begin(instance, spec, '', options),
      fillInPlace: async (instance, spec, { timeoutMs, signal, onProgress = () => {} }) => {
        const { key, upstream } = spec
        await begin(instance, spec, 'again', { timeoutMs: beginTimeoutMs, signal })
        const backup = await startBackup(ssh, upstream, `matriarch ${key}`, { signal })
        try {
          const strange = backup.oids.find((oid) => !spec.tablespaces.some((one) => one.oid === oid))
          if (strange !== undefined)
            throw failed(
              upstream.host,
              `It has a tablespace (${strange}) that was not there when this was planned: abandon the job and plan again`,
            )
          const watched = { timeoutMs, signal: AbortSignal.any(signal ? [signal, backup.lost] : [backup.lost]) }
          const done = { bytes: 0, moved: 0 }
          for (const { path, filters } of partsOf(instance, spec)) {
            let seen = 0
            const onProgressOfPart = (bytes: number) => {
              seen = bytes
              onProgress(done.bytes + bytes)
            }
            const to = { host: instance.host, argv: receiving(instance, key, path, filters) }
            const from = { host: upstream.host, sending: sendArguments(`${upstream.dataDirectory}${path}`, spec.rateKbMax) }
            const carried = await carrier.carry({ to, from }, { ...watched, onProgress: onProgressOfPart }).catch((error: unknown) => {
              throw backup.lost.aborted && !signal?.aborted ? backup.lost.reason : error
            })
            if (!hasCome(carried)) throw failed(instance.host, `rsync failed: ${whatWentWrong(carried)}`)
            done.bytes += seen
            done.moved += carried.moved
          }
          // Last, as pg_basebackup does: of a standby it says up to where the WAL must be replayed.
          const control = await readControl(upstream, { timeoutMs: fileTimeoutMs, signal })
          const label = await backup.stop()
          const values = [instance.dataDirectory, instance.binDirectory ?? '', key, control, label]
          await run(instance.host, 'Coming to the end in place', shell(finishScript, ...values), { timeoutMs: finishTimeoutMs, signal })
          return done
        } finally {
          backup.close()
        }
      },
    },
  }
}

/** For previews. */
export const inPlaceCommand = ({ dataDirectory }: InstanceAddress): string =>
  quoteShell([
    ...'rsync --recursive --perms --ignore-times --inplace --no-whole-file --delete-before'.split(' '),
    'upstream:/',
    `${dataDirectory}/`,
  ])

const partsOf = (instance: InstanceAddress, { upstream, tablespaces }: InPlaceSpec): { path: string; filters: string[] }[] => [
  { path: '', filters: dataFilters },
  ...tablespaces.map(({ oid }) => ({ path: `/pg_tblspc/${oid}`, filters: spaceFilters(upstream.major ?? instance.major) })),
]

const receiving = ({ dataDirectory }: InstanceAddress, key: string, path: string, filters: string[]): string[] =>
  shell(receiveScript, dataDirectory, key, `${dataDirectory}${path}`, ...receiveArguments(filters))

/** The first complaint names the file and the reason; the last line only the kind. */
const whatWentWrong = ({ exitCode, said }: Carried): string => {
  const complaints = said.filter((line) => !isHarmless(line))
  return complaints.find((line) => /^(rsync: |ERROR: )/.test(line)) ?? complaints.at(-1) ?? `exit code ${exitCode}`
}

const failed = (host: HostAddress, because: string): Fault =>
  new Fault('shell.failed', { isOver: true, host: host.hostname, because: `${host.hostname}: ${because}` })
