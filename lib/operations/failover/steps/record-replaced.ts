import type { Effect } from '@/lib/kernel/operation'
import type { FailoverFacts } from '../facts'

const writeTimeoutMs = 15_000

/** The fact that outlives this job: start refuses it, the tree shows it, the observer fences it when its host comes back. */
export const recordReplaced: Effect<FailoverFacts, null, { because: string }> = {
  title: 'Record that the old primary must not start as primary',
  preview: ({ primary }) => ({
    sentence: `Record that ${primary?.title} must not start as a primary. When its host comes back, the console fences it before anything else.`,
    commands: [],
  }),
  check: async (facts, ports) => {
    const standing = await ports.inventory.herdStanding(facts.herd.id)
    const replaced = standing.members.find(({ id }) => id === facts.primary!.id)?.replaced
    return replaced?.byId === facts.candidate!.id
      ? { found: 'done', output: { because: replaced.because } }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    const { primary, candidate } = facts
    await ports.inventoryAct.replace(
      primary!.id,
      { byId: candidate!.id, timeline: nextTimeline(facts), because: `${candidate!.title} was promoted in its stead.` },
      { timeoutMs: writeTimeoutMs, signal },
    )
  },
  timeoutMs: 30_000,
  ending: {
    undo: ({ primary }, _before, _output, ports, { signal }) =>
      ports.inventoryAct.restore(primary!.id, { timeoutMs: writeTimeoutMs, signal }),
    sentence: 'If the job fails before the promotion, the record is removed.',
  },
}

/** The timeline that the promotion starts, as far as it is known. */
const nextTimeline = ({ candidateProbe, primaryProbe }: FailoverFacts): number =>
  Math.max(candidateProbe?.timeline ?? 0, primaryProbe?.timeline ?? 0) + 1
