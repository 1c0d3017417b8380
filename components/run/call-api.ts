'use client'

import type { Outcome } from '@/lib/shapes/outcome'

interface ProblemBody {
  code?: string
  detail?: string
  title?: string
  fields?: { path: string; message: string }[]
}

/** Calls the console's own API with the login cookie; a refusal is a value with the API's own words. `T` is what the call answers (null for 204). */
export const callApi = async <T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Outcome<T>> => {
  try {
    const answer = await fetch(`/api/v1/${path}`, {
      method,
      headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    })
    if (answer.ok) return { ok: true, value: (answer.status === 204 ? null : await answer.json()) as T }
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
