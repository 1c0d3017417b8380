import { type Fault, isFault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress, Probe } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, remainingMs } from '../ssh/deadline'
import { socketPathOf } from './connection'
import { blindProbe, lookScript, probeOfLook } from './probe-script'
import { type ProbeAnswer, probeOfAnswer, probeSql, stateOfRefusal } from './probe-sql'
import { isSocketRefused, psqlJson } from './psql'
import type { WarmPool } from './warm'

/** The share of the time that the server itself gets; the rest is for looking at its files when it fails. */
const serverShare = 0.6
/** After this share its files are looked at beside it: a host that is gone is then known almost as soon as its server's time is over. */
const silentShare = 0.24
/** A timer that comes so late says that this process is slow, and not the server: more questions would make it slower. */
const lateMs = 250

/**
 * Looks at an instance: through its server when that answers, else at its processes and files. Never throws for a machine in a bad state;
 * an aborted signal throws `shell.cancelled`.
 */
export const probeInstance = async (
  ssh: Ssh,
  warm: WarmPool,
  instance: InstanceAddress,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<Probe> => {
  const observedAt = new Date().toISOString()
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  const files = filesOf(ssh, instance, deadline)
  const silentAt = performance.now() + silentShare * options.timeoutMs
  const silence = setTimeout(() => {
    if (!instance.host.endpoint && performance.now() < silentAt + lateMs) void files.begin((1 - serverShare) * options.timeoutMs)
  }, silentShare * options.timeoutMs)
  try {
    const { row } = await warm.query<{ probe: ProbeAnswer }>(
      instance,
      'matriarch_probe',
      probeSql,
      deadlineIn(options.timeoutMs * serverShare, options.signal),
    )
    return probeOfAnswer(row.probe, observedAt)
  } catch (error) {
    clearTimeout(silence)
    if (!isFault(error) || options.signal?.aborted) throw error
    const { sqlstate } = error.facts
    const answer = typeof sqlstate === 'string' ? stateOfRefusal(sqlstate, error.message) : null
    if (instance.host.endpoint) return { ...unreached(error, observedAt), ...answer }
    if (error.code.startsWith('shell.')) return unreached(error, observedAt)
    try {
      const looked = probeOfLook(await files.begin(remainingMs(deadline)), instance, observedAt, answer)
      if (!isSocketRefused(error) || looked.postmasterPid === null || looked.state !== 'unknown') return looked
      return await askThroughPsql(ssh, instance, deadline, looked)
    } catch (lookError) {
      if (!isFault(lookError) || options.signal?.aborted) throw lookError
      return answer ? { ...blindProbe('unknown', '', observedAt), ...answer } : unreached(lookError, observedAt)
    }
  } finally {
    clearTimeout(silence)
    files.leave()
  }
}

/** Looks once, at the first `begin`; every `begin` gets what that one finds. `leave`: nobody wants to know any more. */
const filesOf = (ssh: Ssh, instance: InstanceAddress, { signal }: Deadline) => {
  const parameters = [instance.dataDirectory, socketPathOf(instance), instance.major ?? '', instance.binDirectory ?? '']
  const leaving = new AbortController()
  let asked: Promise<string> | null = null
  return {
    begin: (timeoutMs: number): Promise<string> => {
      asked ??= ssh
        .exec(instance.host, ['sh', '-c', lookScript, 'sh', ...parameters], {
          timeoutMs,
          signal: AbortSignal.any(signal ? [signal, leaving.signal] : [leaving.signal]),
        })
        .then(({ stdout }) => stdout)
      asked.catch(() => {})
      return asked
    },
    leave: () => leaving.abort(),
  }
}

/** A server runs but sshd refused its socket: either it does not listen, or sshd does not forward. psql on the host settles it. */
const askThroughPsql = async (ssh: Ssh, instance: InstanceAddress, deadline: Deadline, looked: Probe): Promise<Probe> => {
  try {
    return probeOfAnswer(await psqlJson<ProbeAnswer>(ssh, instance, probeSql({ isSuperuser: true }), deadline), looked.observedAt)
  } catch (error) {
    if (!isFault(error) || deadline.signal?.aborted) throw error
    return looked
  }
}

/** The fault of the host is kept beside the words, so that the observer can write it on the server's own row. */
const unreached = (fault: Fault, observedAt: string): Probe => ({
  ...blindProbe(
    fault.code === 'shell.unreachable' || fault.code === 'shell.timeout' ? 'unreachable' : 'unknown',
    fault.message,
    observedAt,
  ),
  hostFault: { code: fault.code, offeredKey: typeof fault.facts.offered === 'string' ? fault.facts.offered : null },
})
