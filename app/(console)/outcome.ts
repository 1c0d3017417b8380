import { headers } from 'next/headers'
import { requireActor } from '@/lib/auth/actor'
import { faultOf, problemOf } from '@/lib/auth/problem'
import { noteRefused } from '@/lib/auth/refusals'
import type { Actor } from '@/lib/kernel/access/access'
import type { Fault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import type { Outcome, Refusal } from '@/lib/shapes/outcome'

/** What a signed-in person asked for, as a value that a component can show. Bugs are logged with their cause. */
export const outcome = async <T>(act: (actor: Actor) => Promise<T>): Promise<Outcome<T>> => {
  // Sends who is not signed in to the login page, which must not be caught.
  const actor = await requireActor()
  try {
    return { ok: true, value: await act(actor) }
  } catch (error) {
    const fault = faultOf(error)
    const path = (await headers()).get('x-matriarch-path')?.split('?')[0] ?? 'a page'
    await noteRefused(actor, fault, `action on ${path}`)
    if (fault.code === 'internal.bug') logger().error({ err: fault.cause ?? fault, code: fault.code }, fault.message)
    return refusalOf(fault)
  }
}

const refusalOf = (fault: Fault): Refusal => {
  const { current, revision } = fault.facts
  return {
    ok: false,
    code: fault.code,
    message: problemOf(fault).detail,
    fields: fault.facts.fields ?? [],
    ...(current !== undefined && revision !== undefined ? { conflict: { current, revision } } : {}),
  }
}
