import { requireActor } from '@/lib/auth/actor'
import type { Actor } from '@/lib/kernel/access/access'
import type { FaultCode } from '@/lib/kernel/ground/errors'
import type { Outcome } from '@/lib/shapes/outcome'
import { attempt } from './attempt'

/** What a signed-in person asked for, as a value a component can show. */
export const outcome = async <T>(act: (actor: Actor) => Promise<T>): Promise<Outcome<T>> => {
  const actor = await requireActor()
  const done = await attempt(() => act(actor))
  if ('value' in done) return { ok: true, value: done.value }
  return { ok: false, code: done.problem.code as FaultCode, message: done.problem.detail, fields: done.problem.fields ?? [] }
}
