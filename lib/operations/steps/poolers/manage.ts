import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { PoolerPlace } from '../../facts/poolers'

/** What was registered before. */
type Before = { template: string | null }

const timeoutMs = 10_000

/** From now on the console writes the pooler's file whenever the primary moves. */
export const managePooler = <F extends Facts>(of: (facts: F) => PoolerPlace, template: (facts: F) => string): Effect<F, Before, null> => ({
  title: 'Manage the pooler’s file',
  preview: (facts) => ({
    sentence: `From now on the console writes ${of(facts).address.configPath} whenever the primary moves.`,
    commands: [],
  }),
  check: async (facts, ports, { intended }) => {
    const now = await ports.inventory.pooler(of(facts).id)
    if (now.isManaged && now.template === template(facts)) return { found: 'done', output: null }
    return { found: 'ready', before: intended?.before ?? { template: now.isManaged ? now.template : null } }
  },
  run: async (facts, _before, ports, { signal }) => {
    await ports.act.inventory.managePooler(of(facts).id, template(facts), { timeoutMs, signal })
  },
  timeoutMs: 30_000,
  ending: {
    undo: async (facts, before, _output, ports, { signal }) => {
      await ports.act.inventory.managePooler(of(facts).id, before.template, { timeoutMs, signal })
    },
    sentence: 'If the job fails later, the console stops managing the file, as before.',
  },
})
