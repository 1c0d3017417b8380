import { Fault } from '@/lib/kernel/ground/errors'
import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, HostAddress, HostWorkSeen, InstanceAddress, ReadPorts } from '@/lib/ports'

const lookTimeoutMs = 15_000
const fileTimeoutMs = 60_000
const endTimeoutMs = 60_000
const removeTimeoutMs = 3_600_000
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

/** Starts work of that key unless it runs or has ended well. What one that failed left behind is dropped before. */
export const startWork = async (
  { host, key }: { host: HostAddress; key: string },
  ports: ActPorts,
  { signal }: Pick<StepContext, 'signal'>,
  { drop = async () => {}, start }: { drop?: () => Promise<void>; start: () => Promise<void> },
): Promise<void> => {
  const options = { timeoutMs: fileTimeoutMs, signal }
  const found = await ports.read.work.look(host, key, options)
  if (hasFailed(found)) {
    await drop()
    await ports.act.work.forget(host, key, options)
  }
  if (found.state === 'absent' || hasFailed(found)) await start()
}

/** The directory that a copy or a restore fills beside that of an instance. */
export const dropBeside = (
  address: InstanceAddress,
  key: string,
  ports: ActPorts,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<void> => ports.act.copies.remove(address, key, { timeoutMs: removeTimeoutMs, signal })

type Placed = { instance: { address: InstanceAddress } }

/** Ends work that fills a directory beside that of an instance, and removes both. */
export const undoBeside = (sentence: string) => ({
  undo: async ({ instance: { address } }: Placed, { key }: { key: string }, _output: unknown, ports: ActPorts, { signal }: StepContext) => {
    await ports.act.work.end(address.host, key, { timeoutMs: endTimeoutMs, signal })
    await dropBeside(address, key, ports, { signal })
    await ports.act.work.forget(address.host, key, { timeoutMs: fileTimeoutMs, signal })
  },
  sentence,
  timeoutMs: removeTimeoutMs + endTimeoutMs + fileTimeoutMs,
})
