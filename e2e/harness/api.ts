import { readdirSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { unserved } from '@/app/api/_lib/unserved'
import { problem } from '@/lib/auth/problem'
import { Fault } from '@/lib/kernel/ground/errors'
import { projectRoot } from '@/lib/playground/setup.mjs'

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>
interface Route {
  pattern: RegExp
  names: string[]
  load: () => Promise<Record<string, Handler>>
}

/** Next's rule: a folder of its own name before `[parameter]`. */
const routes = (): Route[] =>
  (readdirSync(join(projectRoot, 'app'), { recursive: true }) as string[])
    .filter((file) => /^(api\/(v1|health|ready|openapi\.json)|v1\/api|metrics)\b.*\/?route\.ts$/.test(file))
    .sort((a, b) => (a.match(/\[/g)?.length ?? 0) - (b.match(/\[/g)?.length ?? 0))
    .map((file) => ({
      pattern: new RegExp(
        `^/${file
          .replace(/\/route\.ts$/, '')
          .replace(/\./g, '\\.')
          .replace(/\[\w+\]/g, '([^/]+)')}$`,
      ),
      names: [...file.matchAll(/\[(\w+)\]/g)].map(([, name]) => name!),
      load: () => import(join(projectRoot, 'app', file)) as Promise<Record<string, Handler>>,
    }))

const requestOf = (message: IncomingMessage, url: URL, signal: AbortSignal): Request => {
  const headers = new Headers(Object.entries(message.headers).map(([name, value]): [string, string] => [name, String(value)]))
  headers.set('x-forwarded-for', message.socket.remoteAddress ?? '')
  const hasBody = message.method !== 'GET' && message.method !== 'HEAD'
  const body = hasBody ? (Readable.toWeb(message) as unknown as BodyInit) : undefined
  return new Request(url, { method: message.method, headers, signal, body, duplex: 'half' } as RequestInit)
}

export interface ApiServer {
  url: string
  close: () => Promise<void>
}

/** The API's real route handlers on a port of their own, without a build of the pages around them. */
export const serveApi = async (): Promise<ApiServer> => {
  const all = routes()
  // A connection that was idle while the machine was busy must not be closed under the next request.
  const server = createServer({ keepAliveTimeout: 0 }, async (message, response) => {
    const url = new URL(message.url ?? '/', `http://${message.headers.host}`)
    const route = all.find(({ pattern }) => pattern.test(url.pathname))
    const handler = route && (await route.load())[message.method ?? 'GET']
    const refusal = unserved(message.method ?? 'GET', url.pathname)
    if (refusal || !handler) {
      message.resume()
      const refused = problem(refusal ?? new Fault('internal.bug', { because: 'The description has a call that no route serves.' }))
      return void response.writeHead(refused.status, Object.fromEntries(refused.headers)).end(await refused.text())
    }
    const parts = route.pattern.exec(url.pathname)!.slice(1).map(decodeURIComponent)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const answer = await handler(requestOf(message, url, gone.signal), {
      params: Promise.resolve(Object.fromEntries(route.names.map((name, index) => [name, parts[index]!]))),
    })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (answer.body)
      Readable.fromWeb(answer.body as ReadableStream)
        .on('error', () => response.destroy())
        .pipe(response)
    else response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
