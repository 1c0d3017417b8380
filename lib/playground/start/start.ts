import { defaultFleet, withPatroni, withSpareHosts } from '../fleet/default'
import { withEc2Herd, withLaunchHosts } from '../fleet/ec2-herd'
import { largeFleet } from '../fleet/large'
import { withRdsHerd } from '../fleet/rds-herd'
import { LabError } from '../machine/error'
import { postgresMajor } from '../machine/machine'
import type { Progress } from '../progress.mjs'
import type { Choice } from './choice.mjs'
import { afterDeath } from './deaths'
import { bringUp, type Stack } from './stack'

/** What was begun before the npm packages were there. */
interface Begun {
  progress: Progress
  packages: Promise<unknown>
  build: Promise<unknown>
}

/** Ctrl-C, TERM, a closed terminal, the death of npm itself and that of what nothing can go on without all end everything that was started, once. */
const makeStop = (getStack: () => Stack | null): ((because: string, code?: number) => Promise<void>) => {
  let isStopping = false
  const stop = async (because: string, code = 0) => {
    if (isStopping) return
    isStopping = true
    console.log(`\n${because}: stopping …`)
    await getStack()?.stop()
    console.log('Stopped. Nothing is left running; the data stays for the next start.')
    process.exit(code)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal))
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) void stop('The starter is gone')
  }, 1000).unref()
  return stop
}

/** `npm start`. Prints each step with its time, and at the end where to go and who to be; afterwards whatever dies. */
export const start = async (choice: Choice, { progress, packages, build }: Begun): Promise<void> => {
  let stack: Stack | null = null
  const stop = makeStop(() => stack)
  const later: { step: string; work: Promise<unknown> }[] = []
  const chooseFleet = async () => {
    if (!choice.hasPlayground) return null
    await packages
    return choice.hosts === null
      ? withLaunchHosts(withSpareHosts(withPatroni(withRdsHerd(withEc2Herd(defaultFleet(postgresMajor()))))))
      : largeFleet(postgresMajor(), choice.hosts)
  }
  try {
    stack = await bringUp({
      stateDirectory: choice.stateDirectory,
      port: choice.port,
      fleet: chooseFleet(),
      build,
      databaseUrl: process.env.DATABASE_URL || undefined,
      redisUrl: process.env.REDIS_URL || undefined,
      hasShop: true,
      onStep: progress.step,
      onLater: (step, work) => later.push({ step, work }),
      onDeath: afterDeath(console.error, (because) => void stop(because, 1)),
    })
  } catch (error) {
    console.error(`\n${(error as Error).message}`)
    if (error instanceof LabError && error.hint) console.error(error.hint)
    process.exit(1)
  }
  progress.line('everything is up')
  const people = stack.lab ? ' · the login page names the directory’s people to try' : ''
  const clusters = later.map(({ step }) => `\n${step} comes up meanwhile: it is in the lists once that is said here.`).join('')
  console.log(`\nOpen ${stack.url}  user ${stack.adminUser}  password ${stack.adminPassword}${people}${clusters}\nCtrl-C stops everything.`)
  for (const { step, work } of later) void progress.step(step, work).catch((error: Error) => console.error(`${step}: ${error.message}`))
}
