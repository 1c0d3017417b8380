import type { z } from 'zod'
import { addressOf } from '@/lib/auth/address'
import { problem } from '@/lib/auth/problem'
import { noteRefused } from '@/lib/auth/refusals'
import { actorOfRequest } from '@/lib/auth/request'
import type { Actor } from '@/lib/kernel/access/access'
import { checked } from '@/lib/kernel/ground/checked'
import { Fault } from '@/lib/kernel/ground/errors'
import { unstorable } from '@/lib/kernel/ground/json'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { Call } from './call'
import { once } from './once'
import { countRequest } from './requests'

export interface Given<I> {
  /** Who calls; the guest actor without any grant where the call is open. */
  actor: Actor
  input: I
  /** Path parameters, decoded. */
  params: Record<string, string>
  query: URLSearchParams
  request: Request
}

type RouteHandler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>

const guest: Actor = { kind: 'person', personId: null, name: 'guest', grants: [] }
const bodyBytesMax = 1024 * 1024

/** A body that is too large is still read to its end, and thrown away, up to this many times the limit: else its connection could not be used again. */
const drainFactor = 16

/** The body as bytes. Throws `input.too-large` when it is larger than `bytesMax`. */
export const readBody = async (request: Request, bytesMax = bodyBytesMax): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > bytesMax * drainFactor) break
    if (size <= bytesMax) chunks.push(chunk)
  }
  if (size > bytesMax) throw new Fault('input.too-large', { because: `At most ${bytesMax} bytes are taken.` })
  return Buffer.concat(chunks)
}

/** Throws `input.malformed`, and `input.media-type` for a body that says it is something else. An empty body is `{}`. */
export const parseJson = (body: Buffer, contentType: string | null): unknown => {
  if (body.length === 0) return {}
  if (contentType !== null && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType)) throw new Fault('input.media-type')
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new Fault('input.malformed', {}, { cause })
  }
  const problem = unstorable(value)
  if (problem) throw new Fault('input.invalid', { fields: [problem] })
  return value
}

/** Throws `input.invalid`, naming the part of the address that no database takes. */
const checkAddress = (parts: Iterable<[string, string]>): void => {
  for (const [name, value] of parts) {
    const problem = unstorable(name) ?? unstorable(value)
    if (problem) throw new Fault('input.invalid', { fields: [{ path: unstorable(name) ? 'address' : name, message: problem.message }] })
  }
}

/** Data never comes from a cache, and a browser never guesses its type. */
export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers },
  })

const answer = async <I>(call: Call, given: Given<I>, work: (given: Given<I>) => Promise<unknown>): Promise<Response> => {
  const made = await work(given)
  if (made instanceof Response) return made
  return made === undefined ? new Response(null, { status: 204 }) : json(made, call.status ?? 200)
}

/**
 * Serves a declared call: knows the caller, reads and checks the body, keeps the answer for a repeated Idempotency-Key, turns faults into problems
 * and counts the time. What `work` returns is the JSON answer; a Response is passed on as it is, undefined becomes 204.
 */
export const serve = <I extends z.ZodType, O extends z.ZodType>(
  call: Call<I, O>,
  work: (given: Given<z.infer<I>>) => Promise<unknown>,
): RouteHandler => handler(call, work, true)

/** As `serve`, for work that reads the body itself. */
export const serveRaw = <I extends z.ZodType, O extends z.ZodType>(
  call: Call<I, O>,
  work: (given: Given<undefined>) => Promise<unknown>,
): RouteHandler => handler(call as Call, work as (given: Given<unknown>) => Promise<unknown>, false)

const handler =
  <I extends z.ZodType, O extends z.ZodType>(
    call: Call<I, O>,
    work: (given: Given<z.infer<I>>) => Promise<unknown>,
    readsBody: boolean,
  ): RouteHandler =>
  async (request, context) => {
    const startedAt = performance.now()
    let response: Response
    let actor: Actor | null = null
    try {
      const params = (await context.params) ?? {}
      const query = new URL(request.url).searchParams
      checkAddress(Object.entries(params))
      checkAddress(query)
      actor = call.caller === 'actor' ? await actorOfRequest(request) : guest
      if (params.id !== undefined && !uuidPattern.test(params.id)) throw new Fault('record.missing')
      const body = call.input && readsBody ? await readBody(request, call.bytesMax) : Buffer.alloc(0)
      const input = (
        call.input && readsBody ? checked(call.input, parseJson(body, request.headers.get('content-type'))) : undefined
      ) as z.infer<I>
      const given = { actor, input, params, query, request }
      const key = call.method === 'POST' && call.caller === 'actor' ? request.headers.get('idempotency-key') : null
      response =
        key === null
          ? await answer(call, given, work)
          : await once({ actor, key, path: new URL(request.url).pathname, body, isSecret: call.isSecret ?? false }, () =>
              answer(call, given, work),
            )
    } catch (error) {
      const what = `${request.method} ${new URL(request.url).pathname}`
      await noteRefused(actor, error, what, `${call.method} ${call.path}`, addressOf(request.headers))
      response = problem(error)
    }
    countRequest(call.method, call.path, response.status, (performance.now() - startedAt) / 1000)
    return response
  }
