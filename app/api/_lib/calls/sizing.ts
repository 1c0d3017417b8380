import { z } from 'zod'
import { dryRunDays } from '@/lib/shapes/sizing'
import { defineCall } from '../call'

const tag = 'sizing-rules'

export const sizingCalls = {
  decideSizingRule: defineCall({
    method: 'POST',
    path: '/api/v1/sizing-rules/{id}/run',
    tag,
    caller: 'actor',
    summary: 'Decide a sizing rule now',
    description:
      'A worker decides it within seconds, in the caller’s name: its conditions and all checks count, its schedules and calendars do not. Read GET /api/v1/sizing-decisions/{id} for what came of it.',
    output: z.object({ id: z.uuid().describe('Of the decision.') }),
    status: 202,
    faults: ['access.denied', 'record.missing'],
  }),
  dryRunSizingRule: defineCall({
    method: 'POST',
    path: '/api/v1/sizing-rules/{id}/dry-run',
    tag,
    caller: 'actor',
    summary: 'What a sizing rule would have decided',
    description:
      'By what was recorded in the last days, together with the rules that reverse it. The checks of a resize look at the moment and are not part of it. Nothing changes.',
    input: z.strictObject({ days: z.int().min(dryRunDays.min).max(dryRunDays.max).default(7) }),
    output: z.object({
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      decisions: z.array(
        z.object({ at: z.iso.datetime(), outcome: z.enum(['resized', 'no-change', 'not-met', 'unknown', 'held']), because: z.string() }),
      ),
      with: z.array(z.string()).describe('Names of the rules that were taken into account besides.'),
      savedUsd: z.number().nullable().describe('Against the types that the members began with; null: a price is not known.'),
      isCut: z.boolean().describe('More came than are judged at once: the last ones are left out.'),
    }),
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  }),
}
