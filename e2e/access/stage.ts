import './async-storage'
import { NextRequest } from 'next/server.js'
import pg from 'pg'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { asLogin } from '@/db/pg/rights'
import { origin, secret } from '@/e2e/harness/browser-login'
import { startDatabase } from '@/e2e/harness/daemons/database'
import { closeQueue, migrateQueue, setQueue } from '@/jobs/requests'
import { isPersonal, roleHolds } from '@/lib/kernel/access/access'
import type { resources } from '@/lib/resources'
import { type Caller, type Callers, makeCallers } from './callers'
import { inNext } from './in-next'
import type { Attempt } from './laws'
import { type Handler, routesOnDisk } from './on-disk'
import { makeWorld, type World } from './world'

export interface Answer {
  status: number
  /** Of a problem; null: none. */
  code: string | null
  text: string
}

export interface Stage {
  world: World
  /** Of the tables: for tests to prepare and look with what the web cannot. */
  owner: pg.Pool
  callers: Callers
  routes: ReadonlyMap<string, Handler>
  /** What was called so far, by its key. */
  tried: Set<string>
  call: (caller: Caller, key: string, attempt: Attempt) => Promise<Answer>
  stop: () => Promise<void>
}

/** Few lists are exported at once, so these take turns. */
const isExport = (key: string, query: string): boolean => key === 'GET /api/export/{resource}' || query.includes('format=')
let exporting: Promise<unknown> = Promise.resolve()
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const mine = exporting.then(work)
  exporting = mine.catch(() => {})
  return mine
}

const nextByte = () => Math.floor(Math.random() * 256)

/** Says something only when something changes. */
const quietStream = 'GET /api/live/facts'

/** A stream is read to its first event, or to its end. */
const textOf = async (key: string, response: Response): Promise<string> => {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text()
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('\ndata: ') && !(key === quietStream && text !== '')) {
    const { value, done } = await reader.read()
    if (done) break
    text += value
  }
  await reader.cancel()
  return text
}

/** A database with two environments, people and tokens of every kind, and the console's routes in this very process. No worker is there. */
export const openStage = async (): Promise<Stage> => {
  process.env.AUTH_SECRET = secret
  process.env.MATRIARCH_URL = origin
  const database = await startDatabase()
  process.env.DATABASE_URL = database.connectionString
  setQueue({ databaseUrl: database.connectionString })
  await migrateQueue()
  await migrate(database.connectionString)
  const owner = new pg.Pool({ connectionString: database.connectionString, max: 4 })
  owner.on('error', () => {})
  const world = await makeWorld(owner)
  const callers = await makeCallers(world.id('environment', 'here'))
  const routes = await routesOnDisk()
  const tried = new Set<string>()
  // From here on this process is the web, with its login and no more.
  await closeDb()
  setDatabase(asLogin(database.connectionString, 'matriarch_web'))
  return {
    world,
    owner,
    callers,
    routes,
    tried,
    call: async (caller, key, { params = {}, query = '', body }) => {
      tried.add(key)
      const [method, path] = key.split(' ') as [string, string]
      const address = path.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent((params[name] ?? name).replace(/\p{Surrogate}/gu, '\ufffd')),
      )
      const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
      // Failed tokens are counted by address.
      const headers = {
        'content-type': 'application/json',
        ...caller.headers,
        'x-forwarded-for': `10.${nextByte()}.${nextByte()}.${nextByte()}`,
      }
      const request = new NextRequest(`${origin}${address}${query ? `?${query}` : ''}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: sent as BodyInit }),
      })
      const answer = async () => {
        const response = await inNext(headers, () => routes.get(key)!(request, { params: Promise.resolve(params) }))
        return { response, text: await textOf(key, response) }
      }
      const { response, text } = await (isExport(key, query) ? inTurn(answer) : answer())
      const isProblem = response.headers.get('content-type') === 'application/problem+json'
      return { status: response.status, code: isProblem ? JSON.parse(text).code : null, text }
    },
    stop: async () => {
      await closeQueue()
      await owner.end()
      await database.stop()
    },
  }
}

const refusals = ['auth.required', 'access.denied', 'record.missing']
export const isRefused = ({ code, text }: { code: string | null; text: string }): boolean =>
  refusals.includes(code ?? '') ||
  text.includes('object does not exist.') ||
  (code === 'input.invalid' && text.includes('you may not see it'))

/** The callers beside one another; what one of them does comes one after the other. */
export const forEach = async <T>(all: readonly T[], work: (one: T) => Promise<string[]>): Promise<string[]> =>
  (await Promise.all(all.map(work))).flat()

/** The ids that a question itself holds. */
export const saidIn = (asked: unknown): string[] => JSON.stringify(asked)?.match(/[0-9a-f-]{36}/g) ?? []

export type AnyResource = (typeof resources)[number]

export const isOwned = ({ scope }: AnyResource): boolean => typeof scope === 'object' && 'owner' in scope
export const isTerritorial = (resource: AnyResource): boolean => resource.scope !== 'console' && !isOwned(resource)
/** What a role in one environment holds there, by the declaration alone. */
export const holds = ({ kind, role }: Caller, resource: AnyResource, act: 'view' | 'add' | 'change' | 'delete'): boolean =>
  role !== null &&
  isTerritorial(resource) &&
  roleHolds(role, `${resource.name}.${act}`) &&
  !(kind === 'token' && isPersonal(`${resource.name}.${act}`))

export const countOf = async (table: 'herds' | 'servers' | 'instances'): Promise<number> =>
  (await getPool().query(`select count(*)::int as count from ${table}`)).rows[0].count
