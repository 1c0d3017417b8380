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
      'auto: the cheapest that works. rewind: pg_rewind. copy: pg_basebackup, even if less would do. in-place: rsync into the old directory, if a copy has no disk space beside it; the old data cannot be restored then.',
  }),
  copyInstead: z.boolean().default(true).meta({
    title: 'Copy if the rewind fails',
    description:
      'A rewind that fails half way leaves a data directory that cannot be used: the same job then makes a copy. Off: the job stops and needs attention.',
  }),
  ...rewindInput,
  throttleMbit: z.int().min(0).max(8000).default(0).meta({
    title: 'Bandwidth limit (Mbit/s)',
    description: 'For a copy or rsync. 0: no limit.',
  }),
  keepOld: z.boolean().default(false).meta({
    title: 'Keep the old directory',
    description: 'After a copy the old data directory is kept beside the new one, renamed, until you remove it.',
  }),
})

export type RebuildInput = z.infer<typeof rebuildInput>
