import { z } from 'zod'
import { policyBounds, type RunPolicy } from '@/lib/kernel/operation/plan'
import { type Appointment, type Confirmation, reasonMax, type ScheduledMove, type Submission, targetsMax, ticketMax } from './plan'

// Apart from the shapes themselves, so that the browser need not carry the library.

const within = ({ min, max }: { min: number; max?: number }) => (max === undefined ? z.int().min(min) : z.int().min(min).max(max))

export const policySchema = z.strictObject({
  parallel: within(policyBounds.parallel).describe('Targets at once over the whole run.'),
  perServer: within(policyBounds.perServer),
  standbysFirst: z.boolean(),
  stopAfterFailures: within(policyBounds.stopAfterFailures)
    .nullable()
    .describe('Start no more targets after this many have failed; null: never stop.'),
  deadlineSeconds: within(policyBounds.deadlineSeconds).nullable(),
}) satisfies z.ZodType<RunPolicy>

export const targetsSchema = z
  .array(z.uuid('is not the id of an object'))
  .min(1, 'Choose at least one target.')
  .max(targetsMax, `Choose at most ${targetsMax} targets at once.`)

const said = {
  phrase: z
    .string()
    .nullish()
    .transform((phrase) => phrase ?? undefined)
    .describe('As the plan has it; null where it has none.'),
  reason: z.string().max(reasonMax).optional(),
  ticket: z.string().max(ticketMax).optional(),
  isOutsideWindow: z.boolean().optional().describe('Run although no maintenance window is open; needs a reason.'),
}
const at = z
  .string()
  .max(80)
  .describe('With its zone: `2026-11-21T01:00:00Z`, `2026-11-21 02:00 Europe/Berlin`. Or `window`: when the maintenance windows open next.')

export const confirmationSchema = z.strictObject({
  planId: z.uuid(),
  digest: z
    .string()
    .describe(
      'Of the plan that was read: what it would do, to what, as things are. A plan that is made again of the same things has the same digest.',
    ),
  ...said,
}) satisfies z.ZodType<Confirmation>

export const submissionSchema = confirmationSchema.extend({
  idempotencyKey: z.string().max(200).optional(),
}) satisfies z.ZodType<Submission>

export const appointmentSchema = confirmationSchema.extend({
  at,
  startWithinMinutes: z.int().min(1).max(1440).default(15).describe('Skipped when no worker has begun so long after its time.'),
}) satisfies z.ZodType<Appointment>

export const scheduledMoveSchema = z.strictObject({
  at,
  revision: z.int(),
  isOutsideWindow: z.boolean().optional().describe('Run although no maintenance window is open then; needs a reason.'),
  reason: z.string().max(reasonMax).optional().describe('Takes the place of the reason that was given.'),
}) satisfies z.ZodType<ScheduledMove>
