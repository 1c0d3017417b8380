import { absentActorCalled } from '@/db/people/actors'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { addressOf } from './address'
import { actorOfToken } from './request'

const notProvided = 'Authentication credentials were not provided.'

/**
 * Who calls `/v1/api`: a token as `Authorization: Bearer`, as `Authorization: Token`, or as the password of `curl -u` and `.netrc`; never a login's cookie. Without
 * one, on this machine and where `PYGMY_OPEN_AS` names a person, that person. Throws `auth.required`, `auth.throttled`.
 */
export const actorOfScript = async (request: Request): Promise<Actor> => {
  const authorization = request.headers.get('authorization')
  if (authorization !== null) return actorOfToken(asBearer(authorization), addressOf(request.headers))
  const actor = isFromHere(request.headers) ? await openActor() : null
  if (actor === null) throw new Fault('auth.required', { because: notProvided })
  return actor
}

const asBearer = (authorization: string): string => {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization.trim()) ?? []
  if (/^token$/i.test(scheme)) return `Bearer ${value}`
  if (!/^basic$/i.test(scheme)) return authorization
  const text = Buffer.from(value, 'base64').toString('utf8')
  return `Bearer ${text.slice(text.indexOf(':') + 1)}`
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
const loopbackHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

/**
 * A program on this machine, and no browser: nobody forwarded the request, it was sent to this machine by that name, and none of the headers is there that
 * browsers send and pages cannot leave out.
 */
export const isFromHere = (headers: Headers): boolean => {
  const peers = (headers.get('x-forwarded-for') ?? '').split(',').map((one) => one.trim())
  const isDirect = peers.length === 1 && loopback.test(peers[0]!) && headers.get('forwarded') === null && headers.get('via') === null
  const isBrowser = ['origin', 'referer', 'cookie', 'sec-fetch-site'].some((name) => headers.get(name) !== null)
  return isDirect && !isBrowser && loopbackHost.test(headers.get('host') ?? '')
}

/** By no person's own hand: it holds what tokens hold, and what it saves counts as that person's. */
const openActor = async (): Promise<Actor | null> => {
  const { PYGMY_OPEN_AS } = env()
  const person = PYGMY_OPEN_AS ? await absentActorCalled(PYGMY_OPEN_AS) : null
  return person && { ...person, kind: 'token', name: `${person.name} (open /v1/api)`, from: '127.0.0.1' }
}
