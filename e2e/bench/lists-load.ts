import { Agent, request } from 'node:http'

/** A process of its own, so that making the load does not slow the measuring down: reads one order from the command line, writes one answer. */
export interface LoadOrder {
  /** `http://127.0.0.1:4001`, connections dealt over them in turn. */
  origins: string[]
  paths: string[]
  cookie: string
  connections: number
  seconds: number
}

export interface LoadAnswer {
  requests: number
  perSecond: number
  p50Ms: number
  p95Ms: number
  /** Of the last answer. */
  bytes: number
}

const order = JSON.parse(process.argv[2]!) as LoadOrder
const agents = order.origins.map(() => new Agent({ keepAlive: true, maxSockets: order.connections }))

const get = (index: number, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const lane = index % order.origins.length
    const call = request(
      `${order.origins[lane]}${path}`,
      { agent: agents[lane], headers: { cookie: order.cookie, accept: 'text/html,application/json' } },
      (response) => {
        let bytes = 0
        response.on('data', (piece: Buffer) => {
          bytes += piece.length
        })
        response.on('end', () =>
          response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${path} answered ${response.statusCode}`)),
        )
        response.on('error', reject)
      },
    )
    call.setTimeout(30_000, () => call.destroy(new Error(`${path} did not answer within 30 s`)))
    call.on('error', reject)
    call.end()
  })

const times: number[] = []
let asked = 0
let bytes = 0
const startedAt = performance.now()
const endsAt = startedAt + order.seconds * 1000
await Promise.all(
  Array.from({ length: order.connections }, async (_, index) => {
    while (performance.now() < endsAt) {
      const path = order.paths[asked++ % order.paths.length]!
      const from = performance.now()
      bytes = await get(index, path)
      times.push(performance.now() - from)
    }
  }),
)
const tookSeconds = (performance.now() - startedAt) / 1000
times.sort((a, b) => a - b)
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
const answer: LoadAnswer = { requests: times.length, perSecond: times.length / tookSeconds, p50Ms: at(0.5), p95Ms: at(0.95), bytes }
process.stdout.write(JSON.stringify(answer))
for (const agent of agents) agent.destroy()
