import { ended } from '@/lib/kernel/ground/clock'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from '../../facts/instance'
import { isUnder } from '../../facts/peers'

/** An upstream that restarts is back by then; one that was replaced never is. */
const patienceMs = 10_000
const lookEveryMs = 1_000

export interface Led {
  place: Place
  upstream: Place
  /** Why the upstream is none any more; null: it is. Left out: it need not lead. */
  still?: ((ports: ReadPorts, signal: AbortSignal) => Promise<string | null>) | undefined
}

/**
 * Work that waits until `place` streams from `upstream`, given up as soon as that has become pointless: somebody else leads by now, or has pointed it
 * elsewhere. A server that has never reached consistency does not even come up without its upstream. Hears a cancel. Throws `step.blocked` or
 * `shell.cancelled`. `isStarting` is to be told while a command to start it may be on its way.
 */
export const whileLed = async (
  led: Led,
  work: (context: StepContext, isStarting: (is: boolean) => void) => Promise<void>,
  ports: ActPorts,
  context: RunContext,
): Promise<void> => {
  const over = new AbortController()
  const givenUp = new AbortController()
  let isStarting = false
  let trouble: unknown = null
  const giveUp = (why: unknown) => {
    trouble = why
    givenUp.abort(why)
  }
  const sure = () => (isStarting ? {} : { isOver: true })
  const watch = async () => {
    const signal = AbortSignal.any([context.signal, over.signal])
    let since: number | null = null
    while (!signal.aborted) {
      const because = await whyNever(led, ports.read, signal)
      const now = ports.read.now().getTime()
      since = because === null ? null : (since ?? now)
      if (because !== null && now - since! >= patienceMs && !signal.aborted)
        return giveUp(new Fault('step.blocked', { because, ...sure() }))
      await context.pauseUnlessCancelled(lookEveryMs)
    }
  }
  watch().catch((error: unknown) => {
    if (over.signal.aborted || context.signal.aborted) return
    if (isFault(error, 'shell.cancelled')) giveUp(new Fault('shell.cancelled', sure()))
    else if (!isFault(error)) giveUp(error)
  })
  const inner: StepContext = {
    jobId: context.jobId,
    note: context.note,
    pause: context.pause,
    signal: AbortSignal.any([context.signal, givenUp.signal]),
    get isUnbroken() {
      return context.isUnbroken
    },
  }
  try {
    await work(inner, (is) => {
      isStarting = is
    })
  } catch (error) {
    throw trouble ?? error
  } finally {
    over.abort(ended)
  }
}

/** null: it may stream yet, or nobody can see why not. */
const whyNever = async ({ place, upstream, still }: Led, ports: ReadPorts, signal: AbortSignal): Promise<string | null> => {
  const { state, role, upstream: seen } = await ports.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })
  if (state === 'online' && role === 'standby' && seen?.host != null && !isUnder({ upstream: seen }, upstream))
    return `${place.title} follows ${seen.host}:${seen.port ?? 5432} instead of ${upstream.title}: somebody has pointed it there`
  try {
    return (await still?.(ports, signal)) ?? null
  } catch (error) {
    if (isFault(error, 'step.unknown')) return null
    throw error
  }
}
