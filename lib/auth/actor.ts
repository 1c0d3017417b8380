import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { livePerson } from '@/db/sessions'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access'
import { addressOf } from './address'
import { sessionIdOf } from './cookie'

/** Who is signed in, with the grants held at this very request; asked of the database once per request. null: nobody. */
export const currentActor = cache(async (): Promise<Actor | null> => {
  const [jar, head] = await Promise.all([cookies(), headers()])
  const sessionId = await sessionIdOf((name) => jar.get(name)?.value)
  if (sessionId === null) return null
  const person = await livePerson(sessionId, env().SESSION_IDLE_MINUTES)
  if (person === null) return null
  return {
    kind: 'person',
    personId: person.personId,
    sessionId,
    name: person.userName,
    grants: person.grants,
    from: addressOf(head) ?? undefined,
  }
})

/** As `currentActor`, for pages and server actions: nobody is sent to the login page, and back after it. */
export const requireActor = async (): Promise<Actor> => {
  const actor = await currentActor()
  if (actor) return actor
  const path = (await headers()).get('x-matriarch-path')
  redirect(path ? `/login?callbackUrl=${encodeURIComponent(path)}` : '/login')
}

export { actorOfRequest } from './request'
