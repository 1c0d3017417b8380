import { dollars } from '@/lib/domain/prices/month'
import type { LedgerShown } from '@/lib/shapes/ledger'
import { type Args, mustBeEmpty, take, UsageError } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { idOf } from '../names'
import { outputOf, pour, print, printJson, remark } from '../output'
import { table } from '../table'

const columns = ['herd', 'member', 'month', 'hours', 'unknown', 'cost', 'large', 'saved', 'types']

/** `matriarch savings [HERD] [--env ENVIRONMENT] [--from MONTH --to MONTH] [-o table|json|csv]` */
export const savings = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json', 'csv'])
  const [from, to, env] = [take(args, 'from'), take(args, 'to'), take(args, 'env')]
  const [word, extra] = args.words
  if (extra) throw new UsageError('Give one herd, or none for all of them.')
  mustBeEmpty(args)
  const herdId = word === undefined ? undefined : await idOf(where, 'herds', word, env ? { env } : {})
  const asked = Object.entries({ from, to, herdId }).filter((one): one is [string, string] => Boolean(one[1]))
  const path = `/api/v1/savings?${new URLSearchParams(asked)}`
  if (format === 'csv') {
    await pour(where, `${path}&format=csv`)
    return exitCodes.done
  }
  const found = await getJson<LedgerShown>(where, path)
  if (format === 'json') {
    printJson(found)
    return exitCodes.done
  }
  const rows = found.lines.map(({ herd, member, machine, month, hours, unknownHours, usd, bigUsd, savedUsd, types }) => [
    ...[herd, member ?? machine, month, Math.round(hours), Math.round(unknownHours), dollars(usd), dollars(bigUsd), dollars(savedUsd)],
    types.map((one) => `${one.type} ${Math.round(one.hours)} h`).join(', '),
  ])
  print(table(columns, rows))
  const total = found.lines.reduce((sum, { savedUsd }) => sum + savedUsd, 0)
  remark(
    `From ${found.from} to ${found.to}: ${dollars(total)} saved against staying large. Prices: ${found.sources.join(', ') || 'none known'}.`,
  )
  return exitCodes.done
}
