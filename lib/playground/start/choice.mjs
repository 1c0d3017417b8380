import { isAbsolute, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../setup.mjs'

const usage = `npm start                      the console with a live playground fleet
npm start -- --hosts N         a playground of N hosts (50 fit in 2 GB)
npm start -- --no-playground   an empty console for a real fleet

PORT             where the console listens on 127.0.0.1 (default 3000)
DATABASE_URL     your PostgreSQL for the console's own data (default: its own, below .matriarch/)
REDIS_URL        your Redis for the queue (default: the queue lives in PostgreSQL)
MATRIARCH_STATE  where everything is kept (default .matriarch/)`

const refuse = (sentence) => {
  console.error(`${sentence}\n\n${usage}`)
  process.exit(2)
}

/** Reads before anything is installed, so that help and a typo cost nothing. */
export const readChoice = (args) => {
  let values
  try {
    const options = { hosts: { type: 'string' }, 'no-playground': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
    values = parseArgs({ args, options }).values
  } catch (error) {
    refuse(error.message)
  }
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
}
