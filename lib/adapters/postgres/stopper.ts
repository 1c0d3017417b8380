import { standbyLines } from '@/lib/domain/replication/conf'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CommandResult, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { ShutDown } from '@/lib/ports/takeover'
import type { Ssh } from '../ssh'
import { deadlineIn, within } from '../ssh/deadline'
import { commandFor } from '../ssh/profiles'
import { findTools } from './replication-look'

/**
 * Waits for its order, and without one does nothing; nor with one that comes late, when its sender has timed out: a network that was cut delivers it once
 * it is whole again. The order says how long after \`ready\` it was given, and how much later it may come, hundredths of a second. $1 data directory, $2 bin directory or '', $3 what recovery.conf needs, then the platform's own
 * command to stop it fast, or nothing: the postmaster is told itself. A service manager must hear of it first, or it starts the server again.
 */
const stopScript = `
LC_ALL=C; export LC_ALL
data=$1 bin=$2 standby=$3
shift 3
umask 077
nl='
'
read -r major <"$data/PG_VERSION" || exit 3
${findTools}
now() { up=; { read -r up rest; } 2>/dev/null </proc/uptime; up=\${up%.*}\${up#*.}; }
now; ready=$up
echo ready
read -r order given late && [ "$order" = stop ] || exit 0
now
[ -z "$up" ] || [ $((up - ready - given)) -le "$late" ] || { echo "the order came too late, and was not followed" >&2; exit 8; }
{ read -r pid <"$data/postmaster.pid"; } 2>/dev/null && kill -s 0 "$pid" 2>/dev/null || { echo "no server runs in $data" >&2; exit 4; }
if [ $# -gt 0 ]; then "$@" </dev/null >/dev/null 2>&1 & else kill -s INT "$pid" || exit 5; fi
isGone=
while :; do
  seen=$("$tools/pg_controldata" "$data") || exit 3
  state=\${seen#*cluster state:}; state=\${state%%$nl*}
  case $state in *" shut down") break ;; esac
  [ -z "$isGone" ] || { echo "the server ended, and its control file says$state" >&2; exit 6; }
  kill -s 0 "$pid" 2>/dev/null || isGone=yes
  sleep 0.005 2>/dev/null || sleep 1
done
lsn=\${seen#*Latest checkpoint location:}; lsn=\${lsn%%$nl*}
timeline=\${seen#*checkpoint\\'s TimeLineID:}; timeline=\${timeline%%$nl*}
echo down $lsn $timeline
if [ "\${major%%.*}" -ge 12 ]; then
  : >"$data/standby.signal" && sync "$data/standby.signal" "$data" || exit 7
else
  kept=
  [ ! -e "$data/recovery.conf" ] || kept=$(grep -Eiv "^[[:space:]]*(standby_mode|recovery_target_timeline)([[:space:]=]|$)" "$data/recovery.conf")
  printf '%s\\n' "$kept" "$standby" >"$data/recovery.conf.new" && sync "$data/recovery.conf.new" &&
    mv "$data/recovery.conf.new" "$data/recovery.conf" && sync "$data" || exit 7
fi
echo fenced`

/** How much later than it was given an order may come, at most; one that comes in the second half of what its caller waits is late too. */
const lateMsMax = 5_000

type OnShutDown = ((end: ShutDown) => void) | undefined

interface Stopper {
  untilReady: () => Promise<unknown>
  stop: (options: CallOptions, onShutDown: OnShutDown) => Promise<ShutDown>
}

/** Commands that wait on their hosts for the order to stop a server; one whose connection breaks never gets it, and ends. */
export const makeStoppers = (ssh: Ssh) => {
  const waiting = new Map<string, Stopper>()
  const start = (instance: InstanceAddress, options: CallOptions): Stopper => startStopper(ssh, instance, options)
  return {
    start,
    prepare: async (instance: InstanceAddress, options: CallOptions): Promise<void> => {
      const stopper = start(instance, options)
      await stopper.untilReady()
      waiting.set(instance.instanceId, stopper)
      options.signal?.addEventListener('abort', () => {
        if (waiting.get(instance.instanceId) === stopper) waiting.delete(instance.instanceId)
      })
    },
    /** Each is used once. */
    take: ({ instanceId }: InstanceAddress): Stopper | undefined => {
      const stopper = waiting.get(instanceId)
      waiting.delete(instanceId)
      return stopper
    },
  }
}

const startStopper = (ssh: Ssh, instance: InstanceAddress, options: CallOptions): Stopper => {
  const ended = new AbortController()
  const lines = lineListener()
  let order: (text: string) => void = () => {}
  const result = (async () =>
    ssh.exec(instance.host, await stopCommand(ssh, instance, options), {
      ...options,
      signal: options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal,
      stdin: new Promise<string>((resolve) => {
        order = resolve
      }),
      onOutput: lines.hear,
    }))()
  const over = result.then((one) => {
    throw failed(instance, one)
  })
  over.catch(() => {})
  const ready = lines.said('ready').then(() => performance.now())
  return {
    untilReady: () => Promise.race([ready, over]),
    stop: async ({ timeoutMs, signal }, onShutDown) => {
      const deadline = deadlineIn(timeoutMs, signal)
      const late = () =>
        new Fault('shell.timeout', { because: `The server on ${instance.host.hostname} did not shut down within ${timeoutMs / 1000} s.` })
      try {
        const readyAt = await within(Promise.race([ready, over]), deadline, late)
        order(orderAfter(performance.now() - readyAt, Math.min(timeoutMs / 2, lateMsMax)))
        const end = endOf(await within(Promise.race([lines.said('down'), over]), deadline, late))
        onShutDown?.(end)
        await within(Promise.race([lines.said('fenced'), over]), deadline, late)
        return end
      } catch (error) {
        // The remote command is gone once this resolves; the shutdown goes on.
        ended.abort()
        await result.catch(() => {})
        throw error
      }
    },
  }
}

const orderAfter = (sinceReadyMs: number, lateMs: number): string => `stop ${Math.round(sinceReadyMs / 10)} ${Math.round(lateMs / 10)}\n`

const stopCommand = async (ssh: Ssh, instance: InstanceAddress, options: CallOptions): Promise<string[]> => {
  const argv = ['sh', '-c', stopScript, 'sh', instance.dataDirectory, instance.binDirectory ?? '', standbyLines.join('\n')]
  if (!instance.profile.endsWith('-systemd')) return argv
  const major =
    instance.major ?? (await ssh.exec(instance.host, ['cat', '--', `${instance.dataDirectory}/PG_VERSION`], options)).stdout.trim()
  return [...argv, ...commandFor({ ...instance, major }, 'stop', 'fast')]
}

/** Tells of each line as soon as it is whole. */
const lineListener = () => {
  let text = ''
  const waiters = new Map<string, (line: string) => void>()
  const find = (word: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .find((line) => line.split(' ')[0] === word)
  return {
    hear: (stream: 'stdout' | 'stderr', piece: string) => {
      if (stream !== 'stdout') return
      text += piece
      for (const [word, tell] of waiters) {
        const line = find(word)
        if (line !== undefined) tell(line)
      }
    },
    said: (word: string): Promise<string> =>
      new Promise((resolve) => {
        const line = find(word)
        if (line !== undefined) resolve(line)
        else waiters.set(word, resolve)
      }),
  }
}

const endOf = (line: string): ShutDown => {
  const [, checkpointLsn, timeline] = line.split(' ')
  return { controlState: 'shut down', checkpointLsn: checkpointLsn!, timeline: Number(timeline) }
}

const failed = ({ host }: InstanceAddress, { exitCode, stderr }: CommandResult): Fault =>
  new Fault('shell.failed', {
    isOver: exitCode === 4 || exitCode === 8,
    because: `Stopping the server on ${host.hostname} failed: ${stderr.trim().split('\n')[0] || `exit code ${exitCode}`}`,
  })
