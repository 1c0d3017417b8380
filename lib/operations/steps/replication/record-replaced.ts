import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'

export interface RecordWith<F> {
  of: (facts: F) => Place | null
  /** The primary that replaced it. */
  by: (facts: F) => Place | null
  /** The timeline of that primary. */
  timeline: (facts: F) => number
  because: (facts: F) => string
}

const writeTimeoutMs = 15_000

/** The fact that outlives the job: start refuses it, the tree shows it, the observer fences it when its host comes back. */
export const recordReplaced = <F extends Facts>({ of, by, timeline, because }: RecordWith<F>): Effect<F, null, { because: string }> => ({
  title: 'Bar the old primary from starting read-write',
  preview: (facts) => ({
    sentence: `Bar ${of(facts)?.title} from starting read-write. When its host comes back, the console fences it before anything else.`,
    commands: [],
  }),
  check: async (facts, ports) => {
    const standing = await ports.inventory.herdStanding(of(facts)!.herdId)
    const replaced = standing.members.find(({ id }) => id === of(facts)!.id)?.replaced
    return replaced?.byId === by(facts)!.id ? { found: 'done', output: { because: replaced.because } } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    const replacement = { byId: by(facts)!.id, timeline: timeline(facts), because: because(facts) }
    await ports.act.inventory.replace(of(facts)!.id, replacement, { timeoutMs: writeTimeoutMs, signal })
  },
  timeoutMs: 30_000,
  ending: {
    undo: async (facts, _before, _output, ports, { signal }) => {
      const standing = await ports.read.inventory.herdStanding(of(facts)!.herdId)
      const replaced = standing.members.find(({ id }) => id === of(facts)!.id)?.replaced
      // One that another promotion has put in its place meanwhile stays.
      if (replaced?.byId === by(facts)!.id) await ports.act.inventory.restore(of(facts)!.id, { timeoutMs: writeTimeoutMs, signal })
    },
    sentence: 'If the job fails before the point of no return, the bar is lifted.',
  },
})
