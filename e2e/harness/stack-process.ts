import { defaultFleet } from '@/lib/playground/fleets/default'
import { postgresMajor } from '@/lib/playground/packages'
import { bringUp } from '@/lib/playground/start-stack'

/**
 * The product with its playground, for the browser tests: prints one JSON line when it is up, and ends, taking everything along,
 * when its standard input closes. `node --import tsx e2e/harness/stack-process.ts STATE_DIRECTORY`
 */
const stateDirectory = process.argv[2]!
const stack = await bringUp({
  stateDirectory,
  port: 0,
  fleet: defaultFleet(postgresMajor()),
  workers: 2,
  onStep: (step, tookMs) => console.error(`  ${step} ${(tookMs / 1000).toFixed(1)} s`),
})
const people = Object.fromEntries((stack.lab?.directory().people ?? []).map(({ user, password }) => [user, password]))
console.log(
  JSON.stringify({
    url: stack.url,
    stateDirectory,
    databaseUrl: stack.databaseUrl,
    labDirectory: stack.lab?.layout.state,
    admin: { user: stack.adminUser, password: stack.adminPassword },
    people,
    workerPids: stack.workers.map((worker) => worker.process.pid),
  }),
)
const stop = async () => {
  await stack.stop()
  process.exit(0)
}
process.stdin.resume()
process.stdin.once('end', () => void stop())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop())
