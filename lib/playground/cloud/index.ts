import { createServer } from 'node:http'
import { Cloud } from './cloud'
import { feedAt, isFeed } from './feeds'
import { listen, stopListening } from './listen'
import type { CloudOptions } from './state'

const requestBytesMax = 1024 * 1024
const accountId = '123456789012'

/** The limits of EC2 for an account that asked for no others: the bucket of what only reads, and of each change. Source: EC2 API throttling. */
const defaults: CloudOptions = {
  now: Date.now,
  settleMs: 2000,
  consistencyMs: 200,
  limits: { read: { burst: 50, perSecond: 10 }, change: { burst: 50, perSecond: 5 } },
  power: () => {},
}

export interface RunningCloud {
  cloud: Cloud
  endpoint: string
  /** The keys of a user that may do everything, until something is denied. */
  user: ReturnType<Cloud['identities']['addUser']>
  stop: () => Promise<void>
  /** The answer to the next request is lost on the way, after the deed. */
  loseAnswer: () => void
  /** The answer to the next request waits, after the deed, until what this returns is called. */
  holdAnswer: () => () => void
}

/** A twin of EC2, RDS, CloudWatch, STS and the public price lists on a free port of 127.0.0.1 (or `port`): the wire protocols and signatures of AWS, for any client of AWS. */
export const startCloud = async (options: Partial<CloudOptions> & { port?: number } = {}): Promise<RunningCloud> => {
  const { port = 0, ...given } = options
  const cloud = new Cloud(accountId, { ...defaults, ...given })
  const user = cloud.identities.addUser('matriarch')
  let isNextLost = false
  let nextHeld: Promise<void> | null = null
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of request) {
      size += (piece as Buffer).length
      if (size > requestBytesMax) return void response.writeHead(413).end()
      pieces.push(piece as Buffer)
    }
    const requestId = crypto.randomUUID()
    const { method = '', url = '/', headers } = request
    const feed = method === 'GET' && isFeed(url) ? feedAt(cloud.state, url) : undefined
    if (feed === null) return void response.writeHead(403).end()
    if (feed !== undefined) return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(feed))
    const { status, body, contentType } = cloud.handle({ method, url, headers, body: Buffer.concat(pieces).toString('utf8') }, requestId)
    if (isNextLost) {
      isNextLost = false
      return void request.socket.destroy()
    }
    const held = nextHeld
    nextHeld = null
    await held
    response.writeHead(status, { 'content-type': contentType, 'x-amzn-requestid': requestId }).end(body)
  })
  return {
    cloud,
    user,
    endpoint: `http://127.0.0.1:${await listen(server, port)}`,
    loseAnswer: () => {
      isNextLost = true
    },
    holdAnswer: () => {
      let release = () => {}
      nextHeld = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    stop: () => stopListening(server),
  }
}
