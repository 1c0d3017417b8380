import { databaseError, databaseFault } from '@/db/pg/client'
import { Fault, faultTable, toFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'

/** The body of a refusal: RFC 9457 with a stable `code`; `fields` names what to mend, `facts` what the code carries besides. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  canRetry: boolean
  fields?: { path: string; message: string }[]
  [fact: string]: unknown
}

/** Facts a caller may see. Everything else a Fault carries (hosts, commands, causes) stays in the log. */
const shownFacts = ['plan', 'planId', 'current', 'revision', 'changes', 'by', 'at', 'blockers', 'retryAfterSeconds', 'holder'] as const

export const problemOf = (fault: Fault): Problem => ({
  type: `urn:matriarch:problem:${fault.code}`,
  title: faultTable[fault.code].sentence,
  status: fault.status,
  code: fault.code,
  detail: fault.code === 'internal.bug' ? faultTable[fault.code].sentence : fault.message,
  canRetry: fault.canRetry,
  ...(fault.facts.fields ? { fields: fault.facts.fields } : {}),
  ...Object.fromEntries(shownFacts.filter((name) => fault.facts[name] !== undefined).map((name) => [name, fault.facts[name]])),
})

/** A value that PostgreSQL does not take (class 22) is the fault of who sent it, though it ought to have been named before. */
export const faultOf = (error: unknown): Fault => {
  const fault = toFault(databaseFault(error))
  const isRefusedValue = fault.code === 'internal.bug' && databaseError(error)?.code?.startsWith('22') === true
  if (!isRefusedValue) return fault
  logger().warn({ err: error }, 'PostgreSQL refused a value that was sent')
  return new Fault('input.invalid', { because: 'Something that was sent cannot be stored, or is out of range.' }, { cause: error })
}

/** Whatever was thrown, as a response. A bug is logged with its cause and shown without. */
export const problem = (error: unknown): Response => {
  const fault = faultOf(error)
  if (fault.code === 'internal.bug' || fault.status >= 502) logger().error({ err: fault.cause ?? fault, code: fault.code }, fault.message)
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (fault.code === 'auth.required') headers['www-authenticate'] = 'Bearer realm="matriarch"'
  if (typeof fault.facts.retryAfterSeconds === 'number') headers['retry-after'] = String(fault.facts.retryAfterSeconds)
  if (Array.isArray(fault.facts.allowed)) headers.allow = fault.facts.allowed.join(', ')
  // 499 is ours for a cancelled command; to HTTP it is a conflict.
  return new Response(JSON.stringify(problemOf(fault)), { status: fault.status === 499 ? 409 : fault.status, headers })
}
