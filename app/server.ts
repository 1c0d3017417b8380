import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import next from 'next'
import { closeDb } from '@/db/pg/client'
import { loginFault } from '@/db/pg/own-login'
import { problem } from '@/lib/auth/problem'
import { env, startEnv } from '@/lib/env'
import type { Fault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import { unserved } from './api/_lib/unserved'
import { startHousekeeping } from './housekeeping'
import { answerReport, isReport } from './report-server'
import { addSecurityHeaders } from './security-headers'

/**
 * The web process: `node --import tsx app/server.ts` after `next build`. PORT and HOSTNAME say where it listens.
 * Next answers everything but agents' reports: thousands of hosts send those on connections of their own, and Next's routing would be most of their cost;
 * and but what the API does not have, which Next would answer with the login page, or with nothing.
 */
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

/** Next reads its configuration from the build, so that neither a compiler nor next.config.ts is needed here. */
const adoptBuiltConfiguration = (): void => {
  const folder = process.env.NEXT_DIST_DIR ?? '.next'
  const built = JSON.parse(readFileSync(join(isAbsolute(folder) ? folder : join(root, folder), 'required-server-files.json'), 'utf8'))
  process.env.__NEXT_PRIVATE_STANDALONE_CONFIG = JSON.stringify(built.config)
}

/** The socket's peer goes last into X-Forwarded-For, where `addressOf` looks for it; and the login page learns where to go back to. */
const mark = (request: IncomingMessage): void => {
  const peer = request.socket.remoteAddress ?? ''
  const before = request.headers['x-forwarded-for']
  request.headers['x-forwarded-for'] = before ? `${before}, ${peer}` : peer
  request.headers['x-matriarch-path'] = request.url ?? '/'
}

const pathOf = ({ url }: IncomingMessage): string => (url ?? '/').split('?', 1)[0]!

const refuse = async (request: IncomingMessage, response: ServerResponse, refusal: Fault): Promise<void> => {
  const answer = problem(refusal)
  request.resume()
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
}

const start = async (): Promise<void> => {
  startEnv('web')
  void loginFault('web').then((fault) => fault && logger().warn(fault))
  adoptBuiltConfiguration()
  const port = Number(process.env.PORT ?? 3000)
  const hostname = process.env.HOSTNAME ?? '127.0.0.1'
  const app = next({ dev: false, dir: root, hostname, port })
  const toNext = app.getRequestHandler()
  await app.prepare()
  const isHttps = env().MATRIARCH_URL.startsWith('https://')
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    addSecurityHeaders(request, response, isHttps)
    mark(request)
    if (isReport(request)) return void answerReport(request, response)
    const refusal = unserved(request.method ?? 'GET', pathOf(request))
    if (refusal) return void refuse(request, response, refusal)
    toNext(request, response).catch((error: unknown) => {
      logger().error({ err: error, url: request.url }, 'a request failed')
      response.destroy()
    })
  }
  const server = createServer({ keepAliveTimeout: 65_000, noDelay: true }, handle)
  server.on('error', (error) => {
    logger().fatal({ err: error }, 'the web server cannot listen')
    process.exit(1)
  })
  server.listen(port, hostname, () => logger().info({ hostname, port }, 'the web process listens'))
  startHousekeeping()
  stopOnSignals(server)
}

const patienceMs = 10_000

/** No new connections; requests that run get a moment, streams are cut and reconnect elsewhere. */
const stopOnSignals = (server: ReturnType<typeof createServer>): void => {
  let isStopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) return
      isStopping = true
      server.close(() => void closeDb().finally(() => process.exit(0)))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), patienceMs).unref()
    })
  }
}

await start()
