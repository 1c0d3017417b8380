import type { KeyStanding } from '@/lib/shapes/environment-key'
import { type Args, mustBeEmpty, takeFlag, UsageError } from './args'
import { getJson, request, whereToGo } from './client'
import { exitCodes } from './exit-codes'
import { idFor } from './names'
import { say } from './say'

/** `VERB NAME`, nothing else. */
const verbAndName = (args: Args, verbs: readonly string[], what: string): [verb: string, name: string] => {
  const [verb = '', name, extra] = args.words
  if (!verbs.includes(verb)) throw new UsageError(`Give one of ${verbs.join(', ')}.`)
  if (!name || extra) throw new UsageError(`Give one ${what}.`)
  mustBeEmpty(args)
  return [verb, name]
}

const hostWords: Record<string, string> = {
  accept: 'Accepted: the host reports with its new token.',
  refuse: 'Refused: the former token stays valid.',
  revoke: 'Revoked: no report of the host is taken until it enrols again and somebody accepts that.',
  delete: 'Deleted, with all that it reported. What was registered from it stays.',
}

/** Decides on the token of a host's agent, or forgets the host. */
export const host = async (args: Args): Promise<number> => {
  const [verb, name] = verbAndName(args, Object.keys(hostWords), 'discovered host')
  const where = whereToGo()
  const path = `/api/v1/discovered-hosts/${await idFor(where, 'discovered-hosts', name)}`
  if (verb === 'delete') await request(where, path, { method: 'DELETE' })
  else await request(where, `${path}/token`, { method: 'POST', body: { decision: verb } })
  say(hostWords[verb]!)
  return exitCodes.done
}

const keyWords: Record<string, string> = {
  new: 'A worker makes the new key. Append its line on every host, then: matriarch key switch ENVIRONMENT',
  switch: 'Switched: workers use the new key from now on. Remove the line of the former one from the hosts.',
  discard: 'Discarded: the former key stays in use.',
}

/** Shows or replaces the SSH key of an environment. */
export const key = async (args: Args): Promise<number> => {
  const isForced = takeFlag(args, 'force')
  const [verb, name] = verbAndName(args, ['show', ...Object.keys(keyWords)], 'environment')
  const where = whereToGo()
  const path = `/api/v1/environments/${await idFor(where, 'environments', name)}/key`
  if (verb !== 'show') {
    await request(where, path, { method: 'POST', body: { step: verb, isForced } })
    say(keyWords[verb]!)
    return exitCodes.done
  }
  const { current, next } = await getJson<KeyStanding>(where, path)
  say(`current  ${current ?? 'not made yet'}`)
  if (next) {
    say(`new      ${next.publicKey ?? 'not made yet'}`)
    say(`${next.accepted} of ${next.servers} hosts accept it.${next.missing.length > 0 ? ` Not yet: ${next.missing.join(', ')}` : ''}`)
  }
  return exitCodes.done
}
