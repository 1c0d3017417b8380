import { locations } from '@/lib/domain/prices/feeds/locations'
import { type Strategy, strategies } from '@/lib/domain/prices/requirements'
import { type Args, mustBeEmpty, takeFlag, UsageError } from '../args'
import { exitCodes } from '../exit-codes'
import { outputOf, print } from '../output'
import { table } from '../table'
import { checkPrice } from './check-price'
import { herdDeeds, onHerd } from './herd'
import { checkManifest, importManifest } from './manifest'

/** What is asked for; of these exactly one. From `import` on a console is needed, and none needs an AWS account here. */
const deeds = ['check-price', 'check-manifest', 'list-strategies', 'list-regions', 'import', ...herdDeeds] as const

const isOneOf = <Word extends string>(words: readonly Word[], word: string | undefined): word is Word => words.some((one) => one === word)

/** `matriarch spot --check-price …` */
export const spot = async (args: Args): Promise<number> => {
  const [word] = args.words
  if (word) throw new UsageError(`${word} is one word too many.`)
  const asked = deeds.filter((deed) => takeFlag(args, deed))
  // `--connstr-only` beside `--launch` or `--resume` says what to print.
  if (asked.length === 2 && asked[1] === 'connstr-only' && isOneOf(['launch', 'resume'], asked[0])) args.flags.set('connstr-only', [true])
  else if (asked.length !== 1) throw new UsageError(`Say what to do: ${deeds.map((deed) => `--${deed}`).join(', ')}.`)
  if (isOneOf(herdDeeds, asked[0])) return onHerd(args, asked[0])
  if (asked[0] === 'check-price') return checkPrice(args)
  if (asked[0] === 'check-manifest') return checkManifest(args)
  if (asked[0] === 'import') return importManifest(args)
  const isStrategies = asked[0] === 'list-strategies'
  const format = outputOf(args, ['table', 'json'])
  mustBeEmpty(args)
  const rows = isStrategies ? Object.entries(strategies satisfies Record<Strategy, string>) : Object.entries(locations)
  print(
    format === 'json' ? JSON.stringify(Object.fromEntries(rows), null, 2) : table([isStrategies ? 'strategy' : 'region', 'meaning'], rows),
  )
  return exitCodes.done
}
