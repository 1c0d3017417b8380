import type { z } from 'zod'
import type { FaultCode } from '@/lib/kernel/ground/errors'

export type QueryParameter = string | { description: string; schema: Record<string, unknown> }

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/**
 * One call of the API, declared once: what serves it, what checks its body, and what describes it in /api/openapi.json are read from here.
 * `path` is written as OpenAPI writes it; a route file at another path, or a declaration without a route, fails a test.
 */
export interface Call<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  method: Method
  path: string
  /** Groups calls in the document. */
  tag: string
  summary: string
  description?: string
  /** person: a token or a login. host: a host's own token. open: nobody has to say who they are. */
  caller: 'actor' | 'host' | 'open'
  /** The JSON body; absent: none is read. */
  input?: I
  /** Of the body. Default 1 MiB; less where nobody has said yet who they are. */
  bytesMax?: number
  /** Names of query parameters with what they mean; a schema where one is no text. */
  query?: Record<string, QueryParameter>
  /** The JSON answer; absent: `contentType` says what comes. */
  output?: O
  contentType?: string
  /** The same as text of this type, where the query asks for it. */
  alsoContentType?: string
  /** Of a stream of server-sent events: what the data of each holds. */
  events?: Record<string, z.ZodType>
  /** Default 200. */
  status?: number
  /** The answer holds a secret that must not be kept for a repeated Idempotency-Key. */
  isSecret?: boolean
  /** Further statuses that answer with the same body, and what each means. */
  also?: Record<number, string>
  faults?: readonly FaultCode[]
  /** Wrong fields are answered with 400, as a map of them to what is wrong with each. */
  hasFieldMap?: true
}

export const defineCall = <I extends z.ZodType = z.ZodUndefined, O extends z.ZodType = z.ZodUnknown>(call: Call<I, O>): Call<I, O> => call
