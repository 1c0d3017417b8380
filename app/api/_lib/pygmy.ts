import { noteCall } from '@/db/pygmy/calls'
import { addressOf } from '@/lib/auth/address'
import { problem } from '@/lib/auth/problem'
import { noteRefused } from '@/lib/auth/refusals'
import { actorOfScript } from '@/lib/auth/script'
import { FieldFaults } from '@/lib/domain/pygmy/field-faults'
import { wholeNumber } from '@/lib/domain/pygmy/number'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { unstorable } from '@/lib/kernel/ground/json'
import { logger } from '@/lib/log'
import type { Call } from './call'
import { countRequest } from './requests'
import { json, parseJson, readBody } from './serve'

export type Sent = Readonly<Record<string, unknown>>

export interface Given {
  actor: Actor
  params: Record<string, string>
  /** The number in the path. Throws `record.missing`. */
  number: () => number
  /** The body as an object: of JSON, or where `form` says so of a form too. Throws `input.malformed`, `input.media-type`, `input.invalid`. */
  read: (options?: { form?: true }) => Promise<Sent>
}

type RouteHandler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>

const isForm = (contentType: string | null): boolean => /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '')

const formOf = (body: Buffer): Sent => {
  const sent = Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  const problem = unstorable(sent)
  if (problem) throw new Fault('input.invalid', { fields: [problem] })
  return sent
}

const sentIn = async (request: Request, { form }: { form?: true } = {}): Promise<Sent> => {
  const body = await readBody(request)
  const contentType = request.headers.get('content-type')
  const value = form && isForm(contentType) ? formOf(body) : parseJson(body, contentType)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FieldFaults({ non_field_errors: ['Invalid data. Expected a dictionary.'] })
  return value as Sent
}

const numberIn = ({ id }: Record<string, string>): number => {
  const number = /^\d+$/.test(id ?? '') ? wholeNumber(id) : null
  if (number === null) throw new Fault('record.missing', { because: 'Not found.' })
  return number
}

/** What was wrong, for the list of the last calls; empty: nothing. */
const refusalIn = async (response: Response): Promise<string> => {
  const text = response.status === 204 ? '' : await response.clone().text()
  return response.status >= 400 || /^\{"(error|Error|not_found)"/.test(text) ? text : ''
}

/**
 * Serves a call of `/v1/api` in pygmy's own shapes: what `work` returns is the JSON answer, undefined becomes 204. Wrong fields are a map of them with 400; every
 * other refusal is a problem, whose `detail` is what pygmy's framework would have said.
 */
export const servePygmy =
  (call: Call, work: (given: Given) => Promise<unknown>): RouteHandler =>
  async (request, context) => {
    const startedAt = performance.now()
    const { pathname } = new URL(request.url)
    let response: Response
    let actor: Actor | null = null
    try {
      const params = (await context.params) ?? {}
      actor = await actorOfScript(request)
      const given = { actor, params, number: () => numberIn(params), read: (options?: { form?: true }) => sentIn(request, options) }
      const made = await work(given)
      response = made === undefined ? new Response(null, { status: 204 }) : json(made, call.status ?? 200)
    } catch (error) {
      if (error instanceof FieldFaults) response = json(error.fields, 400)
      else {
        await noteRefused(actor, error, `${request.method} ${pathname}`, `${call.method} ${call.path}`, addressOf(request.headers))
        response = problem(error)
      }
    }
    const { status } = response
    countRequest(call.method, call.path, status, (performance.now() - startedAt) / 1000)
    if (actor !== null)
      await noteCall(actor, { method: request.method, path: pathname, status, answer: await refusalIn(response) }).catch((err: unknown) =>
        logger().error({ err }, 'a call of /v1/api could not be noted'),
      )
    return response
  }
