import type { IncomingMessage, ServerResponse } from 'node:http'
import { addressOf } from '@/lib/auth/address'
import { problem } from '@/lib/auth/problem'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from './api/_lib/calls'
import { reportBytesMax, takeReport } from './api/_lib/ingest'
import { countRequest } from './api/_lib/requests'

const { path } = calls.report

export const isReport = ({ method, url }: IncomingMessage): boolean =>
  method === 'POST' && (url === path || url?.startsWith(`${path}?`) === true)

const tooLarge = () => new Fault('input.too-large', { because: `A report has at most ${reportBytesMax} bytes.` })

/** Keeps no more than `keptMax` bytes of it. */
const readBody = (request: IncomingMessage, keptMax = reportBytesMax): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      // Read to its end and thrown away, so that the answer still reaches the sender; without end, no further.
      if (size > reportBytesMax * 16) request.destroy()
      else if (size <= keptMax) chunks.push(chunk)
    })
    request.once('end', () => (size > keptMax ? reject(tooLarge()) : resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))))
    request.once('error', reject)
    request.once('aborted', () => reject(new Fault('input.invalid', { because: 'The body did not arrive whole.' })))
  })

const take = async (
  { headers }: IncomingMessage,
  body: () => Promise<Buffer>,
): Promise<{ status: number; contentType: string; text: string }> => {
  try {
    const age = headers['x-report-age']
    const answer = await takeReport({
      authorization: headers.authorization,
      encoding: headers['content-encoding'],
      age: typeof age === 'string' ? age : null,
      from: addressOf(new Headers({ 'x-forwarded-for': String(headers['x-forwarded-for'] ?? '') })),
      body,
    })
    return { status: 200, contentType: 'application/json', text: JSON.stringify(answer) }
  } catch (error) {
    const refused = problem(error)
    return { status: refused.status, contentType: 'application/problem+json', text: await refused.text() }
  }
}

/** The same answers as the route of this path gives, without Next between the socket and `takeReport`. */
export const answerReport = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const startedAt = performance.now()
  const { status, contentType, text } = await take(request, () => readBody(request))
  // Refused before it was read: thrown away as it comes, so that the answer still reaches the sender.
  if (!request.readableEnded && !request.destroyed) await readBody(request, 0).catch(() => {})
  countRequest('POST', path, status, (performance.now() - startedAt) / 1000)
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' })
  response.end(text)
}
