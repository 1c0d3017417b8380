import { z } from 'zod'

const usd = z.number().describe('USD.')

/** What machines cost, and what sizing rules saved. */
export const ledgerSchema = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  lines: z
    .array(
      z.object({
        herdId: z.uuid(),
        herd: z.string(),
        memberId: z.uuid().nullable(),
        member: z.string().nullable().describe('null: none, or several run on the machine.'),
        machine: z.string(),
        month: z.string().describe('2026-11, in UTC.'),
        hours: z.number().describe('Running.'),
        types: z.array(z.object({ type: z.string(), hours: z.number(), usd: usd.nullable() })),
        unknownHours: z.number().describe('In which nobody looked, between two looks.'),
        unpricedHours: z.number().describe('Running, without a known price: counted in no sum of money. Spot machines are among them.'),
        usd,
        bigUsd: usd.describe('What it would have cost at the type it had before rules made it smaller.'),
        savedUsd: usd,
      }),
    )
    .describe('A machine in a month, those that saved most first.'),
  days: z.array(z.object({ day: z.string(), usd, bigUsd: usd, savedUsd: usd })).describe('Of all of them, in UTC.'),
  sources: z.array(z.string()).describe('Whose prices these are.'),
})

export type LedgerShown = z.infer<typeof ledgerSchema>
export type LedgerLineShown = LedgerShown['lines'][number]

export const ledgerMonthsMax = 24
