import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { Preferences } from '@/db/people/preferences'
import { type LivePerson, livePerson } from '@/db/people/sessions'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'
import { addressOf } from './address'
import { sessionIdOf } from './cookie'
import { lacksFactor } from './required-factor'

/** Asked of the database once per request. */
const currentPerson = cache(async (): Promise<LivePerson | null> => {
  const jar = await cookies()
  const sessionId = await sessionIdOf((name) => jar.get(name)?.value)
  return sessionId === null ? null : livePerson(sessionId, env().SESSION_IDLE_MINUTES)
})

/** Who is signed in, with the grants held at this very request. null: nobody. */
export const currentActor = cache(async (): Promise<Actor | null> => {
  const person = await currentPerson()
  if (person === null) return null
  return {
    kind: 'person',
    personId: person.personId,
    sessionId: person.sessionId,
    name: person.userName,
    grants: lacksFactor(person) ? [] : person.grants,
    isProofStale: person.isProofStale,
    from: addressOf(await headers()) ?? undefined,
  }
})

/** Display preferences of the person signed in. */
export const currentPreferences = async (): Promise<Preferences> => (await currentPerson())?.preferences ?? {}

/** Whether the person signed in does so at an identity provider. */
export const isProvided = async (): Promise<boolean> => (await currentPerson())?.isProvided ?? false

/** Whether the person signed in can do nothing before they have added a second factor. */
export const mustAddFactor = async (): Promise<boolean> => {
  const person = await currentPerson()
  return person !== null && lacksFactor(person)
}

/** As `currentActor`, for pages and server actions: nobody is sent to the login page, and back after it; who must add a second factor is sent to where that is done. */
export const requireActor = async (): Promise<Actor> => {
  const actor = await currentActor()
  const path = (await headers()).get('x-matriarch-path')
  if (actor) {
    const own = `/people/${actor.personId}/access`
    if ((await mustAddFactor()) && path?.split('?')[0] !== own) redirect(own)
    return actor
  }
  redirect(path ? `/login?callbackUrl=${encodeURIComponent(path)}` : '/login')
}

export { actorOfRequest } from './request'
