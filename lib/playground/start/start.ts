import { isAbsolute, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultFleet } from '../fleet/default'
import type { Fleet } from '../fleet/fleet'
import { largeFleet } from '../fleet/large'
import { ensurePackages, postgresMajor } from '../machine/packages'
import { projectRoot } from '../setup.mjs'
import { bringUp, type Stack } from './stack'

const usage = `npm start                      the console with a live playground fleet
npm start -- --hosts N         a playground of N hosts (50 fit in 2 GB)
npm start -- --no-playground   an empty console for a real fleet

PORT             where the console listens on 127.0.0.1 (default 3000)
DATABASE_URL     your PostgreSQL for the console's own data (default: its own, below .matriarch/)
REDIS_URL        your Redis for the queue (default: the queue lives in PostgreSQL)
MATRIARCH_STATE  where everything is kept (default .matriarch/)`

interface Choice {
  port: number
  hosts: number | null
  hasPlayground: boolean
  stateDirectory: string
}

const refuse = (sentence: string): never => {
  console.error(`${sentence}\n\n${usage}`)
  process.exit(2)
}

const readChoice = (args: string[]): Choice => {
  try {
    const { values } = parseArgs({
      args,
      options: { hosts: { type: 'string' }, 'no-playground': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const hosts = values.hosts === undefined ? null : Number(values.hosts)
    if (hosts !== null && (!Number.isInteger(hosts) || hosts < 1 || hosts > 2000))
      refuse(`--hosts takes a whole number from 1 to 2000, not ${values.hosts}.`)
    if (hosts !== null && values['no-playground']) refuse('--hosts and --no-playground exclude each other.')
    const port = Number(process.env.PORT ?? 3000)
    if (!Number.isInteger(port) || port < 0 || port > 65535) refuse(`PORT takes a number from 0 to 65535, not ${process.env.PORT}.`)
    const wanted = process.env.MATRIARCH_STATE ?? '.matriarch'
    const stateDirectory = isAbsolute(wanted) ? wanted : resolve(projectRoot, wanted)
    return { port, hosts, hasPlayground: !values['no-playground'], stateDirectory }
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** Ctrl-C, TERM, a closed terminal, and the death of npm itself all end everything that was started, once. */
const stopWith = (getStack: () => Stack | null): void => {
  let isStopping = false
  const stop = async (because: string) => {
    if (isStopping) return
    isStopping = true
    console.log(`\n${because}: stopping …`)
    await getStack()?.stop()
    console.log('Stopped. Nothing is left running; the data stays for the next start.')
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal))
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) void stop('The starter is gone')
  }, 1000).unref()
}

/** `npm start`. Prints each step with its time, and at the end where to go and who to be. */
export const start = async (args: string[], { modules }: { modules: { ran: boolean; tookMs: number } }): Promise<void> => {
  const startedAt = performance.now() - modules.tookMs
  const choice = readChoice(args)
  const line = (step: string, tookMs: number) => console.log(`  ${step.padEnd(28)} ${seconds(tookMs).padStart(7)}`)
  console.log('Matriarch')
  if (modules.ran) line('npm packages', modules.tookMs)
  let stack: Stack | null = null
  stopWith(() => stack)
  try {
    let fleet: Fleet | null = null
    if (choice.hasPlayground) {
      const beforePackages = performance.now()
      await ensurePackages('playground')
      line('Debian packages', performance.now() - beforePackages)
      fleet = choice.hosts === null ? defaultFleet(postgresMajor()) : largeFleet(postgresMajor(), choice.hosts)
    }
    stack = await bringUp({
      stateDirectory: join(choice.stateDirectory),
      port: choice.port,
      fleet,
      databaseUrl: process.env.DATABASE_URL || undefined,
      redisUrl: process.env.REDIS_URL || undefined,
      onStep: line,
    })
  } catch (error) {
    console.error(`\n${(error as Error).message}`)
    process.exit(1)
  }
  line('all', performance.now() - startedAt)
  const people = stack.lab ? ' · the login page names the directory’s people to try' : ''
  console.log(`\nOpen ${stack.url}  user ${stack.adminUser}  password ${stack.adminPassword}${people}\nCtrl-C stops everything.`)
}
