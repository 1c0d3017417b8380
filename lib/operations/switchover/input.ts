import { z } from 'zod'
import { MiB } from '@/lib/domain/values/bytes'
import type { InputPick } from '@/lib/kernel/operation/input-pick'
import { budgetMs, pauseSecondsMax } from './hand-over/budget'

const pauseTitle = 'Pause clients for up to (seconds)'
const pauseTooLong = `${pauseTitle}: choose ${pauseSecondsMax} or less. Clients wait for ${budgetMs / 1000} s at most, and the stop and the promotion need the rest.`

/** Every field has a default, so that a plan can be made at once. */
export const switchoverInput = z.strictObject({
  candidate: z
    .string()
    .max(80)
    .default('auto')
    .meta({
      title: 'Candidate',
      picks: 'candidate' satisfies InputPick,
      description: 'auto: the best by rank. Otherwise the id of the standby to promote; for one herd only.',
    }),
  blockers: z.enum(['refuse', 'cut']).default('refuse').meta({
    title: 'Long transactions',
    description: 'refuse: a transaction older than the limit below refuses the switchover. cut: it is rolled back when the primary stops.',
  }),
  blockerSeconds: z.int().min(1).max(86_400).default(30).meta({
    title: 'Longest transaction allowed (seconds)',
    description: 'An open transaction older than this counts as long.',
  }),
  holdUps: z.enum(['abort', 'retry', 'terminate']).default('retry').meta({
    title: 'If clients stay in a transaction',
    description:
      'What to do if a transaction through a pooler does not end while clients are paused. abort: resume clients and end the switchover. retry: resume clients and try again later. terminate: end transactions older than the limit below.',
  }),
  pauseSeconds: z.int().min(1).max(pauseSecondsMax, pauseTooLong).default(2).meta({
    title: pauseTitle,
    description: 'How long transactions through a pooler may take to end. All other clients wait meanwhile.',
  }),
  pauseTries: z.int().min(1).max(20).default(3).meta({
    title: 'Tries',
    description: 'Maximum number of pauses, with the policies retry and terminate.',
  }),
  pauseBackoffSeconds: z.int().min(1).max(600).default(5).meta({
    title: 'Time between tries (seconds)',
    description: 'How long clients are served before the next try.',
  }),
  terminateSeconds: z.int().min(0).max(3_600).default(2).meta({
    title: 'End transactions older than (seconds)',
    description: 'With the policy terminate; younger transactions are waited for.',
  }),
  leaveOut: z.string().max(2_000).default('').meta({
    title: 'Leave out poolers',
    description:
      'Titles of poolers, separated by commas. They are neither paused nor pointed at the new primary; for a pooler that cannot be reached or that nobody uses.',
  }),
  timers: z.boolean().default(true).meta({
    title: 'Timers on the poolers’ hosts',
    description:
      'If every worker is lost for 15 s, the timer on the pooler’s host points the pooler at the member that takes writes and resumes its clients. Without timers somebody has to resume by hand.',
  }),
  lagBytesMax: z
    .int()
    .min(0)
    .default(MiB)
    .meta({ title: 'Maximum lag', unit: 'bytes', description: 'The switchover is refused when the candidate is further behind.' }),
  stopSeconds: z.int().min(5).max(300).default(10).meta({
    title: 'Stop timeout (seconds)',
    description: 'How long the old primary may take to shut down. After that it is started again.',
  }),
  waitSeconds: z.int().min(5).max(300).default(5).meta({
    title: 'Wait for the standby (seconds)',
    description: 'How long the candidate may take to replay the last WAL. After that the old primary is started again.',
  }),
  canary: z.boolean().default(true).meta({
    title: 'Canary',
    description:
      'Commits twenty rows a second during the switchover, through a pooler that accepts it, otherwise on the primary. It shows what a client sees, and proves afterwards that nothing is lost. Needs a schema of its own, matriarch_canary, which is dropped at the end.',
  }),
})

export type SwitchoverInput = z.infer<typeof switchoverInput>
