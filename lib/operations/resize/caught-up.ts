import { formatBytes } from '@/lib/domain/values/bytes'
import { lagBytes } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import { lookAt } from '../steps/postgres/server'
import type { ResizeFacts } from './facts'

/** It has to replay what was written while it was away, which nobody can tell beforehand. */
const catchUpMs = 3_600_000
const lookEveryMs = 1_000
/** So close behind is a standby under load, too. */
const closeBytes = 1024 * 1024

/** Waits until the standby has replayed what its upstream had written. */
export const catchUp = (): Effect<ResizeFacts, null, { behindBytes: number }> => ({
  title: 'Catch up',
  preview: ({ instance, upstream }) => ({
    sentence: `Wait until ${instance.title} has replayed what ${upstream?.title ?? 'its upstream'} has written.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    const { instance, upstream } = facts
    let said = Number.POSITIVE_INFINITY
    for (;;) {
      const [own, above] = await Promise.all([lookAt(ports.read, instance, context.signal), lookAt(ports.read, upstream!, context.signal)])
      const written = above.role === 'primary' ? above.currentLsn : above.replayedLsn
      const behindBytes = lagBytes(own.replayedLsn, written)
      if (behindBytes !== null && behindBytes <= closeBytes) return { behindBytes }
      if (behindBytes !== null && behindBytes < said / 2) {
        context.note('info', `${formatBytes(behindBytes)} behind ${upstream!.title}.`)
        said = behindBytes
      }
      if (context.signal.aborted)
        throw new Fault('step.unknown', {
          because: `${instance.title} is ${behindBytes === null ? 'an unknown distance' : formatBytes(behindBytes)} behind`,
        })
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: catchUpMs,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
})
