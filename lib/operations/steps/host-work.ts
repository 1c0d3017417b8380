import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { HostAddress, HostWorkSeen, ReadPorts } from '@/lib/ports'

const lookTimeoutMs = 15_000
const waitFirstMs = 250
const waitMs = 2_000

/** Letters, digits and dashes. A new one for each step, so that what an earlier run left behind is not taken for it. */
export const newWorkKey = (what: string, instanceId: string, now: Date): string =>
  `${what}-${instanceId.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 40)}-${now.getTime().toString(36)}`

/** It will not come to a good end any more. */
export const hasFailed = ({ state, exitCode }: HostWorkSeen): boolean => state === 'lost' || (state === 'ended' && exitCode !== 0)

/** The last line that it wrote, or that nobody knows. */
export const howItEnded = ({ state, exitCode, tail }: HostWorkSeen): string => {
  if (state === 'lost') return 'it was killed, or the host went down'
  if (state === 'absent') return 'nothing is known of it there'
  return tail.trim().split('\n').at(-1) || `exit code ${exitCode}`
}

/** Throws what its end says, unless it ended well. */
const mustHaveEndedWell = (seen: HostWorkSeen, what: string, hostname: string): void => {
  if (seen.state === 'ended' && seen.exitCode === 0) return
  throw new Fault('shell.failed', {
    isOver: true,
    host: hostname,
    exitCode: seen.exitCode,
    because: `${what} on ${hostname} failed: ${howItEnded(seen)}`,
  })
}

/** Waits until work on a host has ended, and throws when it did not end well. `onLook` is asked after each look while it runs. */
export const followWork = async (
  { host, key, what }: { host: HostAddress; key: string; what: string },
  ports: ReadPorts,
  context: StepContext,
  onLook: () => Promise<void> = async () => {},
): Promise<void> => {
  for (let looks = 0; ; looks += 1) {
    const options = { timeoutMs: lookTimeoutMs, signal: context.signal, waitMs: looks === 0 ? waitFirstMs : waitMs }
    const seen = await ports.work.look(host, key, options)
    if (seen.state !== 'running') {
      if (seen.tail.trim() !== '') context.note('stdout', seen.tail.trim())
      return mustHaveEndedWell(seen, what, host.hostname)
    }
    await onLook()
    context.signal.throwIfAborted()
  }
}
