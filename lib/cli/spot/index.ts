import { locations } from '@/lib/domain/prices/feeds/locations'
import { type Strategy, strategies } from '@/lib/domain/prices/requirements'
import { type Args, mustBeEmpty, takeFlag, UsageError } from '../args'
import { exitCodes } from '../exit-codes'
import { outputOf, print } from '../output'
import { table } from '../table'
import { checkPrice } from './check-price'

/** `matriarch spot --check-price …`: needs neither a console nor an AWS account. */
export const spot = async (args: Args): Promise<number> => {
  const [word] = args.words
  if (word) throw new UsageError(`${word} is one word too many.`)
  const [isPrice, isStrategies, isRegions] = [
    takeFlag(args, 'check-price'),
    takeFlag(args, 'list-strategies'),
    takeFlag(args, 'list-regions'),
  ]
  if ([isPrice, isStrategies, isRegions].filter(Boolean).length !== 1)
    throw new UsageError('Say what to do: --check-price, --list-strategies or --list-regions.')
  if (isPrice) return checkPrice(args)
  const format = outputOf(args, ['table', 'json'])
  mustBeEmpty(args)
  const rows = isStrategies ? Object.entries(strategies satisfies Record<Strategy, string>) : Object.entries(locations)
  print(
    format === 'json' ? JSON.stringify(Object.fromEntries(rows), null, 2) : table([isStrategies ? 'strategy' : 'region', 'meaning'], rows),
  )
  return exitCodes.done
}
