import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { UsageError } from './args'

export interface Problem {
  status: number
  code: string
  detail: string
  fields?: { path: string; message: string }[]
  [fact: string]: unknown
}

/** An error the console answered with. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super([problem.detail, ...(problem.fields ?? []).map(({ path, message }) => `  ${path}: ${message}`)].join('\n'))
  }
}

/** The console could not be reached. */
export class NoAnswer extends Error {}

export interface Where {
  url: string
  token: string
}

const configFile = (): string => join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'matriarch', 'cli.json')

const readConfig = (): Partial<Where> => {
  try {
    return JSON.parse(readFileSync(configFile(), 'utf8')) as Partial<Where>
  } catch {
    return {}
  }
}

/** MATRIARCH_URL and MATRIARCH_TOKEN override what `matriarch login` saved. Throws `UsageError` when neither gives both. */
export const whereToGo = (): Where => {
  const kept = readConfig()
  const url = process.env.MATRIARCH_URL || kept.url
  const token = process.env.MATRIARCH_TOKEN || kept.token
  if (!url || !token)
    throw new UsageError(
      'No console is configured: run matriarch login --url https://console.example.org, or set MATRIARCH_URL and MATRIARCH_TOKEN.',
    )
  return { url: url.replace(/\/+$/, ''), token }
}

/** Saves URL and token in a file that only this user can read; returns its path. */
export const keepWhere = (where: Where): string => {
  const file = configFile()
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${JSON.stringify(where, null, 2)}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  return file
}

export interface Call {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Throws `Refusal` for a problem, `NoAnswer` when the console does not answer. */
export const request = async (where: Where, path: string, { method = 'GET', body, headers, signal }: Call = {}): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(`${where.url}${path}`, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${where.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new NoAnswer(
      `${where.url} does not answer: ${((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message}`,
    )
  }
  if (response.ok) return response
  const text = await response.text()
  try {
    throw new Refusal(JSON.parse(text) as Problem)
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new NoAnswer(`${where.url} answered ${response.status}, but not as Matriarch does. Is this the console’s URL?`)
  }
}

export const getJson = async <T>(where: Where, path: string, call?: Call): Promise<T> =>
  (await (await request(where, path, call)).json()) as T
