import { createServer } from 'node:http'
import { listen, stopListening } from '@/lib/playground/cloud/listen'
import { SignatureFault, verifySignature } from '@/lib/playground/cloud/sigv4'
import { errorAnswer, Route53, type Route53Options } from './route53'

export interface Aws {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  route53: Route53
  /** The next so many requests are answered with `Throttling`. */
  throttle: (requests: number) => void
  /** Every request that was let in: `GET /2013-04-01/…`. */
  requests: string[]
  /** Nothing answers until `start`. */
  stop: () => Promise<void>
  start: () => Promise<void>
}

const requestBytesMax = 1024 * 1024

/**
 * A strict twin of AWS: only requests with a right signature are let in, everything is validated as AWS does, and what it says is true of the real name
 * servers behind it. `now` is the clock that changes come in sync by.
 */
export const startAws = async (options: Partial<Route53Options> = {}): Promise<Aws> => {
  const credentials = { accessKeyId: 'AKIAMATRIARCHTWIN000', secretAccessKey: 'twin/secret+of/nobody0123456789abcdefghi' }
  const now = options.now ?? Date.now
  const route53 = new Route53({ now, syncMs: options.syncMs ?? 300 })
  const requests: string[] = []
  let throttled = 0
  let port = 0

  const answer = (method: string, path: string, headers: Parameters<typeof verifySignature>[0]['headers'], body: string) => {
    try {
      const { service } = verifySignature(
        { method, url: path, headers, body },
        (accessKeyId) => (accessKeyId === credentials.accessKeyId ? credentials.secretAccessKey : undefined),
        Date.now(),
      )
      if (service !== 'route53') return errorAnswer(404, 'UnknownService', `This twin does not speak ${service}.`)
    } catch (error) {
      if (error instanceof SignatureFault) return errorAnswer(403, error.code, error.message)
      throw error
    }
    requests.push(`${method} ${path}`)
    if (throttled > 0) {
      throttled -= 1
      return errorAnswer(400, 'Throttling', 'Rate exceeded')
    }
    return route53.handle(method, new URL(path, 'http://aws'), body)
  }
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of request) {
      size += (piece as Buffer).length
      if (size > requestBytesMax) return void response.writeHead(413).end()
      pieces.push(piece as Buffer)
    }
    const { status, body } = answer(request.method!, request.url!, request.headers, Buffer.concat(pieces).toString('utf8'))
    response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': crypto.randomUUID() }).end(body)
  })
  const start = async (): Promise<void> => {
    port = await listen(server, port)
  }
  await start()
  await route53.start()
  return {
    get endpoint() {
      return `http://127.0.0.1:${port}`
    },
    region: 'us-east-1',
    credentials,
    route53,
    requests,
    throttle: (count) => {
      throttled = count
    },
    start,
    stop: () => stopListening(server),
  }
}
