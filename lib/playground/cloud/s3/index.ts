import { createServer } from 'node:https'
import type { Identities } from '../identity'
import { listen, stopListening } from '../listen'
import { S3 } from './s3'
import { ObjectStore } from './store'

const requestBytesMax = 128 * 2 ** 20
const defaultBytesMax = 2 * 2 ** 30

export interface RunningS3 {
  s3: S3
  port: number
  stop: () => Promise<void>
}

export interface S3Options {
  /** Holds what is stored, from one start to the next. */
  folder: string
  buckets: readonly string[]
  /** Whose keys sign, and what they may do. */
  identities: Identities
  /** PEM: pgBackRest speaks to S3 over TLS alone. */
  tls: { key: string; cert: string }
  /** The endpoint's name, for buckets by host name. */
  host: string
  port?: number
  /** Of all objects together. */
  bytesMax?: number
  now?: () => number
}

/** A twin of S3 on a free port of 127.0.0.1 (or `port`), over TLS: objects, lists, parts, ranges and deletes, by path or by host name, for any client of S3. */
export const startS3 = async ({ folder, buckets, identities, tls, host, port = 0, bytesMax, now }: S3Options): Promise<RunningS3> => {
  const store = new ObjectStore(folder, bytesMax ?? defaultBytesMax)
  for (const bucket of buckets) store.addBucket(bucket)
  const s3 = new S3(store, identities, { host, now: now ?? Date.now })
  const server = createServer(tls, async (request, response) => {
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of request) {
      size += (piece as Buffer).length
      if (size > requestBytesMax) return void response.writeHead(413).end()
      pieces.push(piece as Buffer)
    }
    const { method = '', url = '/', headers } = request
    const requestId = crypto.randomUUID()
    const answer = s3.handle({ method, url, headers, body: Buffer.concat(pieces) }, requestId)
    const length = method === 'HEAD' || answer.status === 204 ? {} : { 'content-length': String(answer.body.length) }
    response.writeHead(answer.status, { 'x-amz-request-id': requestId, ...length, ...answer.headers }).end(answer.body)
  })
  return {
    s3,
    port: await listen(server, port),
    stop: () => stopListening(server),
  }
}
