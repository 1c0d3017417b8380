import { readFileSync } from 'node:fs'
import { type Args, mustBeEmpty, readArgs, take, takeFlag, UsageError } from './args'
import { getJson, keepWhere, request, type Where, whereToGo } from './client'
import { codeOfError, exitCodes } from './exit-codes'
import { host, key } from './guard'
import { helpOf } from './help'
import { fieldsOf, list } from './lists'
import { idFor, idOf } from './names'
import { operations } from './operations'
import { appointmentOf, plan, run, schedule } from './plans'
import { importPygmy } from './pygmy/import'
import { results } from './results'
import { activity } from './seeing/activity'
import { health } from './seeing/health'
import { log } from './seeing/log'
import { samples } from './seeing/samples'
import { savings } from './seeing/savings'
import { settings } from './seeing/settings'
import { statements } from './seeing/statements'
import { timeline } from './seeing/timeline'
import { testSubscription } from './subscriptions'
import { verify } from './verify'
import { watch } from './watch'
import { withLock } from './with-lock'

type Command = (args: Args) => Promise<number>

const onlyWord = (args: Args, what: string): string => {
  const [word, extra] = args.words
  if (!word || extra) throw new UsageError(`Give one ${what}.`)
  mustBeEmpty(args)
  return word
}

const onlyRun = (where: Where, args: Args): Promise<string> => idFor(where, 'runs', onlyWord(args, 'run'))

const onlyScheduled = (where: Where, args: Args): Promise<string> => idFor(where, 'scheduled-runs', onlyWord(args, 'scheduled run'))

const say = (text: string) => process.stdout.write(`${text}\n`)

const readAll = async (): Promise<string> => {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  return text.trim()
}

const login: Command = async (args) => {
  const url = take(args, 'url') || process.env.MATRIARCH_URL
  const given = take(args, 'token') || process.env.MATRIARCH_TOKEN
  mustBeEmpty(args)
  if (!url || !URL.canParse(url)) throw new UsageError('Give the console: --url https://console.example.org')
  if (!given) process.stderr.write('Paste an API token (create one in the console under People & access), then press Ctrl-D:\n')
  const where: Where = { url: url.replace(/\/+$/, ''), token: given || (await readAll()) }
  const { name } = await getJson<{ name: string }>(where, '/api/v1/me')
  say(`Logged in to ${where.url} as ${name}; saved in ${keepWhere(where)}`)
  return exitCodes.done
}

const me: Command = async (args) => {
  mustBeEmpty(args)
  const found = await getJson<{ name: string; grants: { role: string; environmentId: string | null }[] }>(whereToGo(), '/api/v1/me')
  say(found.name)
  for (const { role, environmentId } of found.grants) say(`  ${role} in ${environmentId ?? 'every environment'}`)
  return exitCodes.done
}

const cancel: Command = async (args) => {
  const where = whereToGo()
  await request(where, `/api/v1/runs/${await onlyRun(where, args)}/cancel`, { method: 'POST' })
  say('Cancel requested: each job stops at its next safe point.')
  return exitCodes.done
}

const decide = async (args: Args, decision: 'resume' | 'abandon'): Promise<number> => {
  const jobId = take(args, 'job')
  const where = whereToGo()
  const id = await onlyRun(where, args)
  await request(where, `/api/v1/runs/${id}/resume`, { method: 'POST', body: { decision, jobId } })
  return watch(where, id)
}

/** `--go-on` and `--give-up` are the earlier spelling. */
const resume: Command = (args) => {
  const [goesOn, givesUp] = [takeFlag(args, 'go-on'), takeFlag(args, 'give-up')]
  if (goesOn && givesUp) throw new UsageError('--go-on and --give-up exclude each other.')
  return decide(args, givesUp ? 'abandon' : 'resume')
}

const retry: Command = async (args) => {
  const where = whereToGo()
  const id = await onlyRun(where, args)
  const made = await getJson<{ id: string; digest: string; plan: { eligible: number } }>(where, `/api/v1/runs/${id}/retry`, {
    method: 'POST',
  })
  say(
    `plan ${made.id}: ${made.plan.eligible} will run\ndigest ${made.digest}\nSubmit it with: matriarch submit ${made.id} --digest ${made.digest}`,
  )
  return made.plan.eligible > 0 ? exitCodes.done : exitCodes.refused
}

const submit: Command = async (args) => {
  const [digest, phrase, reason, ticket] = [take(args, 'digest'), take(args, 'phrase'), take(args, 'reason'), take(args, 'ticket')]
  const isOutsideWindow = takeFlag(args, 'outside-window')
  const appointment = appointmentOf(args)
  if (!digest) throw new UsageError('Give the digest of the plan that was read: --digest DIGEST')
  const planId = onlyWord(args, 'plan id')
  const where = whereToGo()
  const body = { planId, digest, phrase, reason, ticket, isOutsideWindow }
  if (appointment) return schedule(where, { ...body, ...appointment })
  const { id } = await getJson<{ id: string }>(where, '/api/v1/runs', { method: 'POST', body })
  say(`run ${id}`)
  return watch(where, id)
}

const move: Command = async (args) => {
  const [at, reason, isOutsideWindow] = [take(args, 'at'), take(args, 'reason'), takeFlag(args, 'outside-window')]
  if (!at) throw new UsageError('Give a time: --at "2026-11-21 02:00 Europe/Berlin", or --at window.')
  const where = whereToGo()
  const path = `/api/v1/scheduled-runs/${await onlyScheduled(where, args)}`
  const before = await getJson<{ at: string; revision: number }>(where, path)
  const body = { at, revision: before.revision, reason, isOutsideWindow }
  const after = await getJson<{ at: string }>(where, `${path}/move`, { method: 'POST', body })
  say(`Moved from ${before.at} to ${after.at}.`)
  return exitCodes.done
}

const unschedule: Command = async (args) => {
  const where = whereToGo()
  await request(where, `/api/v1/scheduled-runs/${await onlyScheduled(where, args)}/cancel`, { method: 'POST' })
  say('The scheduled run is cancelled.')
  return exitCodes.done
}

const seeing = Object.fromEntries(
  Object.entries({ activity, health, log, samples, savings, settings, statements, timeline }).map(([name, show]): [string, Command] => [
    name,
    (args) => show(whereToGo(), args),
  ]),
)

/** Every command has its topic in `help.ts`; everything else is a list. The two that parse YAML bring their parsers only when called: they take half of the start. */
export const commands: Readonly<Record<string, Command>> = {
  ...seeing,
  login,
  me,
  operations: (args) => operations(whereToGo(), args),
  build: async (args) => (await import('./build')).build(whereToGo, args),
  plan: (args) => plan(whereToGo(), args),
  run: (args) => run(whereToGo(), args),
  'run-sql': (args) => run(whereToGo(), { ...args, words: ['run-sql', ...args.words] }),
  results: async (args) => {
    const where = whereToGo()
    const [word, ...more] = args.words
    return results(where, word === undefined ? args : { ...args, words: [await idOf(where, 'runs', word), ...more] })
  },
  watch: async (args) => {
    const where = whereToGo()
    return watch(where, await onlyRun(where, args))
  },
  cancel,
  resume,
  abandon: (args) => decide(args, 'abandon'),
  retry,
  submit,
  move,
  unschedule,
  'test-subscription': (args) => testSubscription(whereToGo(), args),
  host,
  key,
  'with-lock': withLock,
  verify,
  spot: async (args) => (await import('./spot')).spot(args),
  'import-pygmy': (args) => importPygmy(whereToGo(), args),
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version

/** Of a list the console knows the fields; throws `UsageError` for what is neither a command nor a list. */
const help = async (topic: string | undefined): Promise<void> => {
  const known = helpOf(topic)
  say(known ?? `${helpOf('lists')}\n\n${await fieldsOf(whereToGo(), topic!)}`)
}

const perform = async (argv: readonly string[]): Promise<number> => {
  if (argv.length === 1 && argv[0] === '--version') {
    say(version())
    return exitCodes.done
  }
  const args = readArgs(argv)
  const [name, ...words] = args.words
  if (takeFlag(args, 'help') || name === undefined || name === 'help') {
    await help(name === 'help' ? words[0] : name)
    return name === undefined && !argv.some((word) => /^(-h|--help)$/.test(word)) ? exitCodes.usage : exitCodes.done
  }
  const rest = { ...args, words }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command(rest)
  if (!/^[a-z][a-z-]*$/.test(name)) throw new UsageError(`${name} is neither a command nor a resource.`)
  return list(whereToGo(), name, rest)
}

/** Runs one command and returns its exit code. An expected error is one sentence on standard error; anything else throws. */
export const main = async (argv: readonly string[]): Promise<number> => {
  // `| head` closes the pipe: no reason for a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    return await perform(argv)
  } catch (error) {
    const code = codeOfError(error)
    process.stderr.write(`matriarch: ${(error as Error).message}\n`)
    if (error instanceof UsageError) process.stderr.write('See matriarch help.\n')
    return code
  }
}
