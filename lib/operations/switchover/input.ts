import { z } from 'zod'
import { MiB } from '@/lib/domain/values/bytes'
import type { InputPick } from '@/lib/kernel/operation/input-pick'

/** Every field has a default, so that a plan can be made at once. */
export const switchoverInput = z.strictObject({
  candidate: z
    .string()
    .max(80)
    .default('auto')
    .meta({
      title: 'Candidate',
      picks: 'candidate' satisfies InputPick,
      description: 'auto: the best by rank. Otherwise the id of the standby to promote, for one herd at a time.',
    }),
  blockers: z.enum(['refuse', 'cut']).default('refuse').meta({
    title: 'Long transactions',
    description:
      'refuse: a transaction older than the limit below stops the switchover before it begins. cut: it is rolled back with the stop.',
  }),
  blockerSeconds: z.int().min(1).max(86_400).default(30).meta({
    title: 'Longest transaction allowed (seconds)',
    description: 'An open transaction that is older than this is long.',
  }),
  holdUps: z.enum(['abort', 'retry', 'terminate']).default('retry').meta({
    title: 'If clients stay in a transaction',
    description:
      'What happens when a transaction through a pooler does not end while clients are paused. abort: clients are resumed and the switchover ends. retry: clients are resumed, and it is tried again. terminate: those that are old enough are ended.',
  }),
  pauseSeconds: z.int().min(1).max(10).default(2).meta({
    title: 'Pause clients for up to (seconds)',
    description: 'How long the transactions through a pooler may take to end; until then their clients wait and no other is served.',
  }),
  pauseTries: z.int().min(1).max(20).default(3).meta({
    title: 'Tries',
    description: 'How often clients are paused at most, with the policies retry and terminate.',
  }),
  pauseBackoffSeconds: z.int().min(1).max(600).default(5).meta({
    title: 'Time between tries (seconds)',
    description: 'How long everybody is served before the next try.',
  }),
  terminateSeconds: z.int().min(0).max(3_600).default(2).meta({
    title: 'End transactions older than (seconds)',
    description: 'With the policy terminate: a younger one is waited for.',
  }),
  leaveOut: z.string().max(2_000).default('').meta({
    title: 'Leave out poolers',
    description:
      'Titles of poolers, separated by commas, that are not paused and not pointed at the new primary: one that cannot be reached, or that nobody uses.',
  }),
  timers: z.boolean().default(true).meta({
    title: 'Timers on the poolers’ hosts',
    description:
      'Each points its pooler at whoever takes writes and resumes its clients when nothing of the console is left after 15 s. Without them somebody has to resume by hand then.',
  }),
  lagBytesMax: z
    .int()
    .min(0)
    .default(MiB)
    .meta({ title: 'Maximum lag', unit: 'bytes', description: 'The switchover is refused when the candidate is further behind.' }),
  stopSeconds: z.int().min(5).max(300).default(10).meta({
    title: 'Stop timeout (seconds)',
    description: 'How long the old primary may take to shut down; then it is started again.',
  }),
  waitSeconds: z.int().min(5).max(300).default(5).meta({
    title: 'Wait for the standby (seconds)',
    description: 'How long the candidate may take to replay the last WAL; then the old primary is started again.',
  }),
  canary: z.boolean().default(true).meta({
    title: 'Canary',
    description:
      'Commits twenty rows a second meanwhile, through a pooler that lets it in, else on the primary; shows what a client sees, and proves afterwards that nothing is lost. Needs a schema of its own, matriarch_canary, which is dropped at the end.',
  }),
})

export type SwitchoverInput = z.infer<typeof switchoverInput>
