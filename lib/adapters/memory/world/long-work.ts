import { Fault } from '@/lib/kernel/ground/errors'
import type { MemoryClock } from './clock'
import type { MemoryHost, MemoryWork } from './world'

/** As long as a small copy takes. */
const takesMs = 20_000

/** What came to its end by now has happened, whether anybody looked or not. Called whenever the host is reached. */
export const settleWork = (clock: MemoryClock, host: MemoryHost): void => {
  for (const work of host.work.values()) {
    if (work.exitCode !== null || clock.now().getTime() < work.endsAtMs) continue
    work.exitCode = work.endsWith
    try {
      work.action()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      Object.assign(work, { exitCode: 1, output: `${error.message}\n` })
    }
  }
}

/** Throws where the real launcher does: work of that key is there already. */
export const beginWork = (clock: MemoryClock, host: MemoryHost, key: string, work: Partial<MemoryWork>): void => {
  if (host.work.has(key)) throw new Fault('shell.failed', { isOver: true, because: `Work of the name ${key} is there already.` })
  const startedAt = clock.now()
  host.work.set(key, {
    startedAt,
    endsAtMs: startedAt.getTime() + takesMs,
    exitCode: null,
    endsWith: 0,
    output: '',
    action: () => {},
    ...work,
  })
}

export const isAtWork = (host: MemoryHost, key: string | null): boolean => key !== null && host.work.get(key)?.exitCode === null
