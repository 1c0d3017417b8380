import { Resolver } from 'node:dns/promises'
import pg from 'pg'

/**
 * Readers of a DNS name, in the lab's network: each asks the resolver, connects to one of the addresses, and reads. Told on standard input as JSON; ends with
 * SIGTERM, and prints what it counted. `outMs`: how long the authoritative server did not name `watched`.
 */
interface Order {
  name: string
  resolver: string
  authority: string
  watched: string
  port: number
  database: string
  user: string
  password: string
  readers: number
}

const pauseMs = 50
const watchMs = 100
const answerTimeoutMs = 10_000

const textOf = async (): Promise<string> => {
  let text = ''
  for await (const piece of process.stdin) text += piece
  return text
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const askOf = (server: string): Resolver => {
  const resolver = new Resolver({ timeout: 2000, tries: 3 })
  resolver.setServers([server])
  return resolver
}

const order = JSON.parse(await textOf()) as Order
const counted = { reads: 0, errors: 0, outMs: 0, because: '' }
let isOver = false
process.on('SIGTERM', () => {
  isOver = true
})

const read = async (host: string): Promise<void> => {
  const { port, database, user, password } = order
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    connectionTimeoutMillis: answerTimeoutMs,
    query_timeout: answerTimeoutMs,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    counted.reads += 1
  } catch (error) {
    counted.errors += 1
    counted.because = `${host}: ${(error as Error).message}`
  } finally {
    await client.end().catch(() => {})
  }
}

const reader = async (number: number): Promise<void> => {
  const resolver = askOf(order.resolver)
  for (let turn = number; !isOver; turn += 1) {
    const addresses = (await resolver.resolve4(order.name)).toSorted()
    await read(addresses[turn % addresses.length]!)
    await pause(pauseMs)
  }
}

const watch = async (): Promise<void> => {
  const authority = askOf(order.authority)
  let lastMs = performance.now()
  let isOut = false
  while (!isOver) {
    const addresses = await authority.resolve4(order.name)
    const nowMs = performance.now()
    const wasOut = isOut
    isOut = !addresses.includes(order.watched)
    // It left and returned somewhere between two looks: both intervals count whole.
    if (isOut || wasOut) counted.outMs += nowMs - lastMs
    lastMs = nowMs
    await pause(watchMs)
  }
}

await Promise.all([watch(), ...Array.from({ length: order.readers }, (_, number) => reader(number))])
console.log(JSON.stringify(counted))
process.exit(0)
