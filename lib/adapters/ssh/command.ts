import { randomBytes } from 'node:crypto'
import { StringDecoder } from 'node:string_decoder'
import type { ClientChannel } from 'ssh2'
import { quoteShell } from '@/lib/domain/values/shell-quote'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { CommandOptions, CommandResult } from '@/lib/ports'
import { cancelledFault, type Deadline, deadlineIn, remainingMs, within } from './deadline'
import { ChannelSilence, isChannelRefusal, type SshLink } from './link'

const outputBytesMax = 1024 * 1024
/** What a login script may say before the command is announced; it is searched again with each piece that comes. */
const announcedWithinBytes = 64 * 1024
/** How long a finished command may leave its output open: a daemon it started can hold it for ever. */
const drainMs = 2000
const killTimeoutMs = 10_000
const killRetryMs = 250
/** A living host answers at once. */
const openTimeoutMs = 10_000
/** sshd frees a session a moment after it said that the command in it has ended. */
const freeingMs = 3000
const freeingStepMs = 50

/**
 * Says which process the command becomes, and since when that process lives, before becoming it. sshd makes each session its own process group,
 * so the number is the group's too. A daemon that the command starts leaves the group by itself (setsid), and so survives a kill.
 */
const announce = '{ read -r s </proc/$$/stat; } 2>/dev/null; echo "$1 $$ $s" >&2; shift; exec "$@"'

/**
 * Ends a process group politely, then by force, and prints what is left. `$1` group, `$2` start time of its leader (empty: not known):
 * a leader of another age is a stranger that got the number later. A zombie counts as gone: it only waits for its parent to notice.
 */
const killGroup = `
lives() {
  kill -s 0 -- "-$1" 2>/dev/null || return 1
  command -v pgrep >/dev/null 2>&1 && [ -r /proc/self/stat ] || return 0
  for p in $(pgrep -g "$1"); do
    { read -r s <"/proc/$p/stat"; } 2>/dev/null || continue
    case \${s##*) } in Z*) ;; *) return 0 ;; esac
  done
  return 1
}
if [ -n "$2" ] && [ -r "/proc/$1/stat" ]; then
  read -r s <"/proc/$1/stat"; p=$1; t=$2; set -- \${s##*) }
  [ "\${20}" = "$t" ] || { echo gone; exit 0; }
  set -- "$p" "$t"
fi
for attempt in TERM:10 KILL:30; do
  lives "$1" || { echo gone; exit 0; }
  kill -s "\${attempt%:*}" -- "-$1" 2>/dev/null
  n=0
  while [ $n -lt "\${attempt#*:}" ]; do
    lives "$1" || { echo gone; exit 0; }
    sleep 0.1 2>/dev/null || sleep 1
    n=$((n + 1))
  done
done
echo alive`

/** `wire` takes what the command reads and writes as bytes, however many; `stdout` stays empty then. */
export type WiredOptions = CommandOptions & { wire?: (channel: ClientChannel) => void }

interface RemoteProcess {
  pid: number
  startTime: string
}

class Capture {
  text = ''
  isCut = false
  private bytes = 0
  private readonly decoder = new StringDecoder('utf8')

  constructor(private readonly heard: ((text: string) => void) | undefined) {}

  take(chunk: Buffer): void {
    if (this.bytes + chunk.length > outputBytesMax) this.isCut = true
    const piece = chunk.subarray(0, Math.max(0, outputBytesMax - this.bytes))
    this.bytes += piece.length
    this.add(this.decoder.write(piece))
  }

  end(): void {
    if (!this.isCut) this.add(this.decoder.end())
  }

  private add(text: string): void {
    if (text === '') return
    this.text += text
    this.heard?.(text)
  }
}

/** Takes the announcement out of stderr, wherever a login script's own words put it, and passes on the rest. */
class Announcement {
  readonly process: Promise<RemoteProcess>
  private resolve!: (process: RemoteProcess) => void
  private held: Buffer | null = Buffer.alloc(0)

  constructor(private readonly nonce: string) {
    this.process = new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  take(chunk: Buffer): Buffer {
    if (this.held === null) return chunk
    this.held = Buffer.concat([this.held, chunk])
    const start = this.held.indexOf(this.nonce)
    const end = start < 0 ? -1 : this.held.indexOf('\n', start)
    if (end < 0) return this.held.length > announcedWithinBytes ? this.rest() : Buffer.alloc(0)
    const [, pid, ...stat] = this.held.toString('latin1', start, end).split(' ')
    const fields = stat.join(' ').split(') ').at(-1)!.split(' ')
    this.resolve({ pid: Number(pid), startTime: fields[19] ?? '' })
    const rest = Buffer.concat([this.held.subarray(0, start), this.held.subarray(end + 1)])
    this.held = null
    return rest
  }

  /** What was buffered when no announcement came. */
  rest(): Buffer {
    const held = this.held ?? Buffer.alloc(0)
    this.held = null
    return held
  }
}

interface Watched {
  channel: ClientChannel
  ending: Promise<Ended>
}

/** How a command stopped being watched. */
type Ended = { by: 'exit'; exitCode: number | null; signal: string | null } | { by: 'loss' }

const watch = (channel: ClientChannel): Watched => ({
  channel,
  ending: new Promise<Ended>((resolve) => {
    let exit: Ended | null = null
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = { by: 'exit', exitCode: code, signal: signal ? signal.replace(/^(?!SIG)/, 'SIG') : null }
      setTimeout(() => channel.close(), drainMs).unref()
    })
    channel.on('close', () => resolve(exit ?? { by: 'loss' }))
    channel.on('error', () => undefined)
  }),
})

/**
 * Runs one command on a link's connection.
 * Throws `shell.unreachable` when it surely did not start; `shell.timeout` (facts `isOver`) when it was killed at its deadline, or when the
 * connection broke and its fate is not known; `shell.cancelled` (facts `isOver`) after an abort. `isOver`: its processes were seen gone.
 */
export const runCommand = async (link: SshLink, argv: readonly string[], options: WiredOptions): Promise<CommandResult> => {
  const startedAt = performance.now()
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  const leave = await link.commands.enter(deadline, () => notStarted(link, `${link.commands.queued} other commands wait for it`))
  try {
    const nonce = `matriarch-${randomBytes(9).toString('hex')}`
    const line = `exec ${quoteShell(['sh', '-c', announce, 'sh', nonce, ...argv])}`
    const { channel, ending } = await openChannel(link, line, argv, deadline)
    const announcement = new Announcement(nonce)
    const stdout = new Capture(options.onOutput && ((text) => options.onOutput?.('stdout', text)))
    const stderr = new Capture(options.onOutput && ((text) => options.onOutput?.('stderr', text)))
    channel.stderr.on('data', (chunk: Buffer) => stderr.take(announcement.take(chunk)))
    if (options.wire) options.wire(channel)
    else channel.on('data', (chunk: Buffer) => stdout.take(chunk))
    if (options.stdin instanceof Promise) void options.stdin.then((text) => channel.end(text))
    else if (!options.wire) channel.end(options.stdin)

    const facts = () => ({
      host: link.host.hostname,
      command: quoteShell(argv),
      stdout: stdout.text.slice(-4000),
      stderr: stderr.text.slice(-4000),
    })
    let ended: Ended
    try {
      ended = await within(
        ending,
        deadline,
        () => new Fault('shell.timeout'),
        () => new Fault('shell.cancelled'),
      )
    } catch (error) {
      const isOver = await killRemote(link, announcement)
      channel.close()
      throw stopped(error as Fault, { ...facts(), timeoutMs: options.timeoutMs, isOver })
    }
    stderr.take(announcement.rest())
    stdout.end()
    stderr.end()
    if (ended.by === 'loss') {
      const isOver = await killRemote(link, announcement)
      throw lostConnection(link, { ...facts(), isOver })
    }
    return {
      exitCode: ended.exitCode,
      signal: ended.signal,
      stdout: stdout.text,
      stderr: stderr.text,
      isCut: stdout.isCut || stderr.isCut,
      tookMs: performance.now() - startedAt,
    }
  } finally {
    leave()
  }
}

/** A host may allow fewer sessions than we think (MaxSessions): then the link learns it, and the command waits for its turn. */
const openChannel = async (link: SshLink, line: string, argv: readonly string[], deadline: Deadline): Promise<Watched> => {
  let refusedSince: number | null = null
  for (;;) {
    try {
      await link.connection(deadline)
      if (deadline.signal?.aborted) throw cancelledFault()
      // From here on the command may run, so a cancel waits for the moment until there is something to kill.
      return await link.openCommand(line, { at: Math.min(deadline.at, performance.now() + openTimeoutMs) }, watch)
    } catch (error) {
      if (error instanceof Fault) throw error
      if (!isChannelRefusal(error)) {
        if (error instanceof ChannelSilence && link.commands.active === 1) link.drop()
        throw lostConnection(link, { host: link.host.hostname, command: quoteShell(argv), isOver: false })
      }
      if (link.sessions.size > 0) {
        refusedSince = null
        link.commands.limit = Math.min(link.commands.limit, link.sessions.size)
      } else refusedSince ??= performance.now()
      if (refusedSince !== null && performance.now() > refusedSince + freeingMs)
        throw notStarted(link, `sshd refuses a session: ${(error as Error).message}`)
      // Not on a change alone: the one that just ended may not be free yet, and then nothing would ever change again.
      await within(Promise.race([link.commands.changed(), sleep(freeingStepMs)]), deadline, () =>
        notStarted(link, 'sshd refuses more sessions (MaxSessions)'),
      )
    }
  }
}

/**
 * True when the command's processes are known to be gone. Has its own deadline: a cancelled caller does not cancel the killing, and after a lost
 * connection the host is asked again until then.
 */
const killRemote = async (link: SshLink, announcement: Announcement): Promise<boolean> => {
  const deadline = deadlineIn(killTimeoutMs)
  try {
    const process = await within(announcement.process, deadlineIn(1000), () => new Error('the command never said its number'))
    const leave = await link.kills.enter(deadline, () => new Error('too many commands are being killed'))
    try {
      return await kill(link, process, deadline)
    } finally {
      leave()
    }
  } catch {
    return false
  }
}

const kill = async (link: SshLink, process: RemoteProcess, deadline: Deadline): Promise<boolean> => {
  const line = `exec ${quoteShell(['sh', '-c', killGroup, 'sh', String(process.pid), process.startTime])}`
  for (;;) {
    try {
      await link.connection(deadline, { fresh: true })
      const { channel, ending } = await link.openCommand(line, deadline, watch)
      let answer = ''
      channel.on('data', (chunk: Buffer) => {
        answer += chunk.toString()
      })
      channel.stderr.resume()
      channel.end()
      await within(ending, deadline, () => new Error('the kill did not end in time'))
      return answer.trim() === 'gone'
    } catch (error) {
      if (!isFault(error, 'shell.unreachable') || remainingMs(deadline) < killRetryMs) throw error
      await sleep(killRetryMs)
    }
  }
}

const notStarted = (link: SshLink, because: string): Fault =>
  new Fault('shell.unreachable', {
    host: link.host.hostname,
    isOver: true,
    because: `The command was not started on ${link.host.hostname}: ${because}.`,
  })

const lostConnection = (link: SshLink, facts: { isOver: boolean; [key: string]: unknown }): Fault =>
  new Fault('shell.timeout', {
    ...facts,
    because: `The connection to ${link.host.hostname} was lost while a command ran${facts.isOver ? ' (the command has ended since)' : ''}; whether it did its work is not known.`,
  })

const stopped = (fault: Fault, facts: { timeoutMs: number; isOver: boolean; host: string; [key: string]: unknown }): Fault => {
  const fate = facts.isOver ? 'It was killed' : 'It could not be killed'
  const because =
    fault.code === 'shell.cancelled'
      ? `The command on ${facts.host} was cancelled. ${fate}; what it had done by then is not known.`
      : `The command on ${facts.host} did not end within ${facts.timeoutMs / 1000} s. ${fate}; whether it did its work is not known.`
  return new Fault(fault.code, { ...facts, because })
}
