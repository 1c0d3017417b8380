import { ledgerMonths, readLedger } from '@/db/rules/ledger'
import { csvLine } from '@/lib/fields/csv'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { LedgerShown } from '@/lib/shapes/ledger'
import { calls } from '../../_lib/calls'
import { serve } from '../../_lib/serve'
import { streamText } from '../../_lib/stream'

const names = ['from', 'to', 'herdId', 'format']
const columns = [
  'herd',
  'member',
  'machine',
  'month',
  'type',
  'hours',
  'usd',
  'unknown hours',
  'unpriced hours',
  'machine usd',
  'staying big usd',
  'saved usd',
]

async function* asCsv({ lines }: LedgerShown): AsyncGenerator<string> {
  yield `${csvLine(columns)}\r\n`
  for (const { herd, member, machine, month, types, unknownHours, unpricedHours, usd, bigUsd, savedUsd } of lines)
    for (const [index, one] of (types.length > 0 ? types : [{ type: '', hours: 0, usd: 0 }]).entries()) {
      // Sums of the machine stand on its first line alone, so that a column adds up.
      const sums = index === 0 ? [unknownHours, unpricedHours, usd, bigUsd, savedUsd].map(short) : ['', '', '', '', '']
      yield `${csvLine([herd, member ?? '', machine, month, one.type, short(one.hours), one.usd === null ? '' : short(one.usd), ...sums])}\r\n`
    }
}

const short = (value: number): string => String(Number(value.toFixed(4)))

export const GET = serve(calls.savings, async ({ actor, query }): Promise<LedgerShown | Response> => {
  const unknown = [...new Set(query.keys())].filter((path) => !names.includes(path))
  const [herdId, format] = [query.get('herdId'), query.get('format') ?? 'json']
  const fields = [
    ...unknown.map((path) => ({ path, message: `is not understood; there are ${names.join(', ')}` })),
    ...(herdId === null || uuidPattern.test(herdId) ? [] : [{ path: 'herdId', message: 'is the id of a herd' }]),
    ...(['json', 'csv'].includes(format) ? [] : [{ path: 'format', message: 'is json or csv' }]),
  ]
  if (fields.length > 0) throw new Fault('input.invalid', { fields })
  const { from, to } = ledgerMonths(query.get('from'), query.get('to'), new Date())
  const made = await readLedger(actor, { herdId, from, to })
  return format === 'csv' ? streamText(asCsv(made), 'text/csv; charset=utf-8; header=present') : made
})
