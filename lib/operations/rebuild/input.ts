import { z } from 'zod'
import { rewindInput } from '../facts/rewind'

/** Every field has a default, so that a plan can be made at once, for one instance or for many. */
export const rebuildInput = z.strictObject({
  upstream: z.string().max(80).default('').meta({
    title: 'Upstream',
    picks: 'herd-member',
    description: 'Id or title of the member to copy from and to follow. Empty: the primary of the herd.',
  }),
  strategy: z.enum(['auto', 'rewind', 'copy', 'in-place']).default('auto').meta({
    title: 'Strategy',
    description:
      'auto takes the cheapest that works and says why: let it follow again, pg_rewind, or a copy. copy copies everything, even where less would do. in-place does so with rsync in the old directory itself, where a copy has no room beside it: there is nothing to go back to then.',
  }),
  copyInstead: z.boolean().default(true).meta({
    title: 'Copy where a rewind fails',
    description:
      'A rewind works in place, and one that fails half way leaves nothing to go back to: a copy is made then, in the same job. Off: the job stops and asks.',
  }),
  ...rewindInput,
  throttleMbit: z.int().min(0).max(8000).default(0).meta({
    title: 'Bandwidth limit (Mbit/s)',
    description: 'Of a copy, or of rsync. 0: as fast as it goes.',
  }),
  keepOld: z.boolean().default(false).meta({
    title: 'Keep the old directory',
    description: 'After a copy the old data directory stays beside the new one, under a name of its own, until you remove it.',
  }),
})

export type RebuildInput = z.infer<typeof rebuildInput>
