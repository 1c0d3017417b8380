import { formatBytes } from '@/lib/domain/values/bytes'
import { lagBytes } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'
import { lookAt } from '../postgres/server'

/** It has to replay what was written while it was away, which nobody can tell beforehand. */
const catchUpMs = 3_600_000
const lookEveryMs = 1_000
/** So close behind is a standby under load, too. */
const closeBytes = 1024 * 1024

/** Waits until the standby streams again and has replayed what its upstream had written. */
export const catchUp = <F extends Facts>(
  self: (facts: F) => Place,
  upstream: (facts: F) => Place | null,
): Effect<F, null, { behindBytes: number }> => ({
  title: 'Catch up',
  preview: (facts) => ({
    sentence: `Wait until ${self(facts).title} has replayed what ${upstream(facts)?.title ?? 'its upstream'} has written.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    const [own, above] = [self(facts), upstream(facts)!]
    let said = Number.POSITIVE_INFINITY
    for (;;) {
      const [seen, seenAbove] = await Promise.all([lookAt(ports.read, own, context.signal), lookAt(ports.read, above, context.signal)])
      const written = seenAbove.role === 'primary' ? seenAbove.currentLsn : seenAbove.replayedLsn
      const behindBytes = lagBytes(seen.replayedLsn, written)
      // The sender may still be in catchup where the receiver streams already, and a switchover waits for no such one.
      const isSent = seenAbove.standbys.every(
        ({ clientAddress, state }) => clientAddress !== own.address.host.address || state === 'streaming',
      )
      const isStreaming = seen.upstream?.status === 'streaming' && isSent
      if (isStreaming && behindBytes !== null && behindBytes <= closeBytes) return { behindBytes }
      if (behindBytes !== null && behindBytes < said / 2) {
        context.note('info', `${formatBytes(behindBytes)} behind ${above.title}.`)
        said = behindBytes
      }
      if (context.signal.aborted)
        throw new Fault('step.unknown', {
          because: isStreaming
            ? `${own.title} is ${behindBytes === null ? 'an unknown distance' : formatBytes(behindBytes)} behind`
            : `${own.title} does not stream from ${above.title}`,
        })
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: catchUpMs,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
})
