import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Receiver {
  port: number
  url: string
  /** Oldest first. */
  received: Received[]
  /** What it answers from now on; null: nothing, for ever. */
  answer: { status: number; headers?: Record<string, string>; body?: string } | null
  stop: () => Promise<void>
}

/** Takes whatever is posted to a loopback, over TLS where a certificate is given. */
export const startReceiver = async (tls?: { cert: string; key: string }): Promise<Receiver> => {
  const receiver: Receiver = { port: 0, url: '', received: [], answer: { status: 200, body: 'ok' }, stop: async () => {} }
  const take: RequestListener = async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    receiver.received.push({ path: request.url!, headers: request.headers, body })
    const { answer } = receiver
    if (answer !== null) response.writeHead(answer.status, answer.headers).end(answer.body)
  }
  const server: Server = tls ? createTlsServer(tls, take) : createServer(take)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.port = (server.address() as AddressInfo).port
  receiver.url = `${tls ? 'https' : 'http'}://127.0.0.1:${receiver.port}/hook`
  receiver.stop = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  return receiver
}
