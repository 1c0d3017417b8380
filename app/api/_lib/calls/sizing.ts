import { z } from 'zod'
import { ledgerMonthsMax, ledgerSchema } from '@/lib/shapes/ledger'
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
  approveSizingRule: defineCall({
    method: 'POST',
    path: '/api/v1/sizing-rules/{id}/approve',
    tag,
    caller: 'actor',
    summary: 'Approve a sizing rule',
    description:
      'As the second person whom its environment asks for: the runs of the rule as it is need no other approval. Saving the rule again ends it. A person who is signed in, other than who saved it.',
    input: z.strictObject({ revision: z.int().min(1).describe('Of the rule that was read.') }),
    status: 204,
    faults: ['input.invalid', 'access.denied', 'auth.proof', 'plan.approval', 'plan.moved', 'record.missing'],
  }),
  savings: defineCall({
    method: 'GET',
    path: '/api/v1/savings',
    tag,
    caller: 'actor',
    summary: 'Read what machines cost and what sizing rules saved',
    description:
      'A machine of a herd in a month: its hours at each type, each hour at the price on demand that was valid then, and what it would have cost at the type it had before rules made it smaller. What nobody saw is unknown and in no sum. With `format=csv` each machine, month and type is a line.',
    alsoContentType: 'text/csv',
    query: {
      from: { description: 'First month, such as 2026-10; default: this one.', schema: { type: 'string', pattern: '^\\d{4}-\\d{2}$' } },
      to: {
        description: `Last month; default: \`from\` or this one; at most ${ledgerMonthsMax} months.`,
        schema: { type: 'string', pattern: '^\\d{4}-\\d{2}$' },
      },
      herdId: { description: 'Of this herd alone.', schema: { type: 'string', format: 'uuid' } },
      format: 'json (default) or csv.',
    },
    output: ledgerSchema,
    faults: ['input.invalid', 'access.denied', 'record.missing'],
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
