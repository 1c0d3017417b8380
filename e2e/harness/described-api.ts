import { expect } from 'vitest'
import { openApiDocument } from '@/app/api/_lib/openapi'
import { makeInventory } from '@/db/fleet/inventory'
import { getPool } from '@/db/pg/client'
import { startLiveLooks } from '@/jobs/observer/live-looks'
import { idOf } from '@/lib/adapters/memory'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { logger } from '@/lib/log'
import { type ApiServer, serveApi } from './api'
import { origin, setConsoleEnvironment, signIn } from './browser-login'
import { Description, type OpenApi } from './described'
import { type Bench, openBench, type WorkerProcess } from './workers'

interface Operation {
  requestBody?: unknown
  security: Record<string, unknown>[]
  responses: Record<string, unknown>
}

/** One call of the document. */
export interface DescribedCall {
  method: string
  path: string
  operation: Operation
}

export interface Asked {
  body?: unknown
  /** A bearer token; null: none. Default: an administrator’s. */
  by?: string | null
  headers?: Record<string, string>
  /** Told all that has come of the answer, each time more comes. */
  heard?: (text: string) => void
}

// biome-ignore lint/suspicious/noExplicitAny: the answers of many calls, looked at field by field
export type Body = any

/** The id that nothing has. */
export const nobody = '3f1c0000-0000-4000-8000-000000000001'

export const documented = JSON.parse(JSON.stringify(openApiDocument())) as OpenApi

export const describedCalls: readonly DescribedCall[] = Object.entries(documented.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation: operation as unknown as Operation })),
)

const shapes = [
  { environment: 'dev', name: 'shop', hosts: ['d1', 'd2'] },
  { environment: 'prod', name: 'crm', hosts: ['p1', 'p2'] },
]

const personCalled = async (name: string): Promise<Actor> => {
  await ensureLocalAdmin(name, 'seven quiet herons wade')
  const { rows } = await getPool().query('select id from people where user_name = $1', [name])
  return { kind: 'person', personId: rows[0].id, name, grants: [{ role: 'admin', environmentId: null }] }
}

/** A console whose every answer is held against its own description as it comes: database, a worker on a fleet in memory and one that looks at it live, an administrator, a host that has enrolled. */
export class DescribedApi {
  readonly description = new Description(documented)
  hostToken = ''

  private constructor(
    readonly bench: Bench,
    readonly worker: WorkerProcess,
    readonly looks: { stop: () => Promise<void> },
    readonly api: ApiServer,
    readonly admin: Actor,
    readonly token: string,
  ) {}

  static async open(): Promise<DescribedApi> {
    setConsoleEnvironment()
    const bench = await openBench(shapes, 'postgres')
    const worker = await bench.startWorker()
    const looks = await startLiveLooks({ ...bench.served.fleet.read, inventory: makeInventory(), log: logger() })
    const admin = await personCalled('admin')
    const { token } = await createToken(admin, { name: 'admin', role: 'admin', environmentId: null, expiresAt: null })
    const stage = new DescribedApi(bench, worker, looks, await serveApi(), admin, token)
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const wanted = { name: 'dev', environmentId: idOf('dev'), expiresAt }
    const { headers } = await stage.login()
    const { body } = await stage.ask('POST', '/api/v1/enrolment-keys', { body: wanted, by: null, headers })
    const host = { hostname: 'n1', addresses: ['198.51.100.9'] }
    stage.hostToken = (await stage.ask('POST', '/api/v1/agent/enrol', { body: host, by: body.key })).body.token
    return stage
  }

  async close(): Promise<void> {
    await this.looks.stop()
    await this.api.close()
    await this.bench.close()
  }

  /** Calls, and expects the answer to be as described. */
  async ask(
    method: string,
    path: string,
    { body, by = this.token, headers = {}, heard = () => {} }: Asked = {},
  ): Promise<{ status: number; body: Body }> {
    const response = await fetch(`${this.api.url}${path}`, {
      method,
      headers: {
        ...(by === null ? {} : { authorization: `Bearer ${by}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    let text = ''
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part
      heard(text)
    }
    const answer = { method, path: path.split('?')[0]!, status: response.status, headers: response.headers, text }
    expect(this.description.faultsOf(answer)).toEqual([])
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, body: isJson ? JSON.parse(text) : text }
  }

  /** A token of an administrator of that name, with this much of their reach. */
  async tokenOf(name: string, role: Role, environment: string | null): Promise<string> {
    const owner = await personCalled(name)
    return (
      await createToken(owner, { name: `${role} of ${name}`, role, environmentId: environment && idOf(environment), expiresAt: null })
    ).token
  }

  /** Headers of an administrator’s browser on the console’s own pages, and the id of that login: there is much that no token may do. */
  async login(name = this.admin.name): Promise<{ headers: Record<string, string>; sessionId: string }> {
    const { sessionId, cookie } = await signIn((await personCalled(name)).personId!)
    return { headers: { cookie, origin }, sessionId }
  }

  async idOf(table: 'herds' | 'servers' | 'people', column: string, name: string): Promise<string> {
    return (await getPool().query(`select id from ${table} where ${column} = $1`, [name])).rows[0].id
  }
}
