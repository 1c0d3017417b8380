import { z } from 'zod'
import { MiB } from '@/lib/domain/values/bytes'
import type { InputPick } from '@/lib/kernel/operation/input-pick'

/** Every field has a default, so that a plan can be made at once. */
export const failoverInput = z.strictObject({
  candidate: z
    .string()
    .max(80)
    .default('auto')
    .meta({
      title: 'Candidate',
      picks: 'candidate' satisfies InputPick,
      description: 'auto: the best by rank. Otherwise the id of the standby to promote; for one herd only.',
    }),
  mode: z.enum(['auto', 'planned', 'emergency']).default('auto').meta({
    title: 'Mode',
    description:
      'planned: the primary answers, and nothing is lost. emergency: the primary does not answer. auto: whichever fits; a primary that answers is never stopped without waiting for the standby.',
  }),
  lagBytesMax: z
    .int()
    .min(0)
    .default(16 * MiB)
    .meta({ title: 'Maximum lag', unit: 'bytes', description: 'A planned failover is refused when the candidate is further behind.' }),
  waitSeconds: z.int().min(5).max(600).default(30).meta({
    title: 'Wait for the standby (seconds)',
    description: 'How long the candidate may take to replay the last WAL. After that the old primary is started again.',
  }),
  canary: z.boolean().default(false).meta({
    title: 'Canary',
    description:
      'Commits twenty rows a second on the primary during a planned failover, as a client would, and verifies afterwards that none is lost. Needs a schema of its own, matriarch_canary in the database postgres, which is dropped at the end.',
  }),
  lowerSynchronous: z.boolean().default(false).meta({
    title: 'Lower synchronous replication',
    description:
      'Only in an emergency that leaves too few standbys to confirm commits: synchronous_standby_names of the candidate is lowered to the standbys that are left, so that clients can commit. Acknowledged commits are on fewer servers until it is restored; the report says how.',
  }),
  override: z.string().max(2000).default('').meta({
    title: 'Fail over unfenced: type the herd’s name',
    once: true,
    description:
      'Only for an emergency in which nothing proves that the old primary is down. Read the estimated loss in the plan first. Separate several herds with commas.',
  }),
})

export type FailoverInput = z.infer<typeof failoverInput>

/** Names are compared whole and case-blind: a part of a name takes no responsibility. */
export const isOverridden = (override: string, herdName: string): boolean =>
  override
    .split(/[,;\n]+/)
    .map((name) => name.trim().toLowerCase())
    .includes(herdName.toLowerCase())
