'use client'

import { proved } from '@/components/shell/prove'
import type { Outcome } from '@/lib/shapes/outcome'
import type { WriteCall } from '@/lib/shapes/writes'

interface ProblemBody {
  code?: string
  detail?: string
  title?: string
  fields?: { path: string; message: string }[]
}

/** Calls the console's own API with the login cookie; a refusal is a value with the API's own words. What needs a fresh proof asks for it and goes on. */
export const callApi = <Answer>(call: WriteCall<Answer>): Promise<Outcome<Answer>> => proved(() => send(call))

const send = async <Answer>({ method, path, body }: WriteCall<Answer>): Promise<Outcome<Answer>> => {
  try {
    const answer = await fetch(`/api/v1/${path}`, {
      method,
      headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    })
    if (answer.ok) return { ok: true, value: (answer.status === 204 ? null : await answer.json()) as Answer }
    const problem = (await answer.json().catch(() => ({}))) as ProblemBody
    return {
      ok: false,
      code: (problem.code ?? 'internal.bug') as never,
      message: problem.detail ?? problem.title ?? `The console answered with ${answer.status}.`,
      fields: problem.fields ?? [],
    }
  } catch {
    return { ok: false, code: 'internal.bug', message: 'The console did not answer. Reload the page before you try again.', fields: [] }
  }
}
