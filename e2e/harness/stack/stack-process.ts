import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { defaultFleet } from '@/lib/playground/fleet/default'
import { postgresMajor } from '@/lib/playground/machine/machine'
import { makeProgress } from '@/lib/playground/progress.mjs'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { bringUp } from '@/lib/playground/start/stack'
import { withMachines } from './machines-fleet'
import type { StackFacts } from './stack'

/**
 * The product with its playground, for the browser tests: prints one JSON line when it is up, and ends, taking everything along,
 * when its standard input closes. `node --import tsx e2e/harness/stack/stack-process.ts STATE_DIRECTORY [machines]`: with a herd that can be resized.
 * What dies with this process can only be started by it: `STATE_DIRECTORY/control` takes POST /workers and POST /database.
 */
const [stateDirectory, more] = process.argv.slice(2) as [string, string?]
const fleet = defaultFleet(postgresMajor())
const stack = await bringUp({
  stateDirectory,
  port: 0,
  fleet: more === 'machines' ? withMachines(fleet) : fleet,
  workers: 2,
  settleMs: 200,
  onStep: makeProgress(console.error).step,
})

let database: Awaited<ReturnType<typeof startEmbedded>> | null = null
const starts: Record<string, () => Promise<unknown>> = {
  '/workers': async () => ({ pid: stack.startWorker().process.pid }),
  '/database': async () => {
    const [pid] = readFileSync(join(stateDirectory, 'postgres/postmaster.pid'), 'utf8').split('\n')
    if (!existsSync(`/proc/${pid}`)) database = await startEmbedded(stateDirectory)
    return {}
  },
}
const socketPath = join(stateDirectory, 'control')
rmSync(socketPath, { force: true })
const control = createServer((request, response) => {
  const start = request.method === 'POST' ? starts[request.url ?? ''] : undefined
  if (!start) return void response.writeHead(404).end()
  start().then(
    (answer) => response.end(JSON.stringify(answer)),
    (error: Error) => response.writeHead(500).end(error.stack),
  )
}).listen(socketPath)

const facts: StackFacts = {
  url: stack.url,
  stateDirectory,
  databaseUrl: stack.databaseUrl,
  labDirectory: stack.lab!.layout.state,
  people: {
    [stack.adminUser]: stack.adminPassword,
    ...Object.fromEntries(stack.lab!.directory().people.map(({ user, password }) => [user, password])),
  },
  workerPids: stack.workers.map((worker) => worker.process.pid!),
}
console.log(JSON.stringify(facts))

let isStopping = false
const stop = async () => {
  if (isStopping) return
  isStopping = true
  control.close()
  await stack.stop()
  await database?.stop()
  process.exit(0)
}
process.stdin.resume()
process.stdin.once('end', () => void stop())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop())
