import type { TriedMessage } from '@/lib/shapes/writes'
import { type Args, mustBeEmpty, UsageError } from './args'
import { getJson, type Where } from './client'
import { exitCodes } from './exit-codes'
import { idFor } from './names'
import { clean } from './table'

const say = (text: string): void => void process.stdout.write(`${clean(text)}\n`)

const pathTo = async (where: Where, args: Args, act: string): Promise<string> => {
  const [word, extra] = args.words
  if (!word || extra) throw new UsageError('Give one subscription.')
  mustBeEmpty(args)
  return `/api/v1/subscriptions/${await idFor(where, 'subscriptions', word)}/${act}`
}

/** `matriarch test-subscription SUBSCRIPTION` */
export const testSubscription = async (where: Where, args: Args): Promise<number> => {
  const { state, answer } = await getJson<TriedMessage>(where, await pathTo(where, args, 'test'), { method: 'POST' })
  const outcome = state === 'sent' ? 'Sent.' : state === 'waiting' ? 'No answer yet.' : 'Not taken.'
  say(`${outcome} ${answer ?? ''}`.trim())
  return state === 'sent' ? exitCodes.done : exitCodes.failed
}
