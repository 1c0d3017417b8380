import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HerdShape, type MemoryFleet, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { Fault, type FaultCode, type FaultFacts, toFault } from '@/lib/kernel/ground/errors'
import { type ActPorts, eachPort } from '@/lib/ports'

/**
 * One fleet in memory for several worker processes: the test's process holds the world, the workers reach it over a socket as they would reach hosts.
 * A worker that dies takes nothing of the world with it, and what it had sent still happens.
 */
export interface ServedFleet {
  fleet: MemoryFleet
  shapes: readonly HerdShape[]
  socketPath: string
  close: () => Promise<void>
}

type Port = Record<string, (...args: unknown[]) => Promise<unknown>>
interface Call {
  id: string
  side: keyof ActPorts
  port: string
  method: string
  args: unknown[]
}
type Answer = { value: unknown } | { fault: { code: FaultCode; facts: FaultFacts } }

const body = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = ''
  stream.setEncoding('utf8')
  for await (const piece of stream) text += piece
  return text
}

export const serveFleet = async (shapes: readonly HerdShape[]): Promise<ServedFleet> => {
  const fleet = memoryFleet(shapes, passingClock())
  const folder = mkdtempSync(join(tmpdir(), 'mtw-'))
  const socketPath = join(folder, 'world')
  const running = new Map<string, AbortController>()

  const answer = async (call: Call): Promise<Answer> => {
    const stop = new AbortController()
    running.set(call.id, stop)
    try {
      const port = (fleet[call.side] as unknown as Record<string, Port>)[call.port]!
      const args = call.args.map((arg) => (isOptions(arg) ? { ...arg, signal: stop.signal } : arg))
      return { value: await port[call.method]!(...args) }
    } catch (error) {
      const { code, facts } = toFault(error)
      return { fault: { code, facts } }
    } finally {
      running.delete(call.id)
    }
  }
  const server = http.createServer(async (request, response) => {
    const call = JSON.parse(await body(request)) as Call
    if (request.url === '/stop') running.get(call.id)?.abort()
    response.end(JSON.stringify(request.url === '/stop' ? {} : await answer(call)))
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    fleet,
    shapes,
    socketPath,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const isOptions = (arg: unknown): arg is Record<string, unknown> =>
  typeof arg === 'object' && arg !== null && ('timeoutMs' in arg || 'statementTimeoutMs' in arg)

/** Ports onto a served fleet. Previews need no world and are answered here; callbacks (output, steps) are not carried. */
export const connectFleet = (socketPath: string, shapes: readonly HerdShape[]): ActPorts => {
  const local = memoryFleet(shapes, passingClock())
  const agent = new http.Agent({ keepAlive: true })
  const post = (path: string, message: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = http.request({ socketPath, path, method: 'POST', agent }, (response) => {
        body(response).then((text) => resolve(JSON.parse(text) as Answer), reject)
      })
      request.on('error', (cause) => reject(new Fault('shell.unreachable', { because: 'The twin’s world is gone.' }, { cause })))
      request.end(JSON.stringify(message))
    })
  const remote =
    (side: Call['side']) =>
    (own: object, port: string): object =>
      new Proxy(own, {
        get: (target, method: string) => {
          if (method === 'commands' || method === 'then') return Reflect.get(target, method)
          return async (...args: unknown[]) => {
            const id = crypto.randomUUID()
            const signal = args.find(isOptions)?.signal as AbortSignal | undefined
            const stop = () => void post('/stop', { id }).catch(() => {})
            signal?.addEventListener('abort', stop, { once: true })
            const answer = await post('/call', { id, side, port, method, args }).finally(() => signal?.removeEventListener('abort', stop))
            if ('fault' in answer) throw new Fault(answer.fault.code, answer.fault.facts)
            return answer.value
          }
        },
      })
  return { read: eachPort(local.read, remote('read')), act: eachPort(local.act, remote('act')) }
}
