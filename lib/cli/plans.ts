import { createInterface } from 'node:readline/promises'
import { parseBytes } from '@/lib/domain/values/bytes'
import type { Plan } from '@/lib/kernel/operation/plan'
import { effectWords, verdictWords } from '@/lib/kernel/operation/verdict'
import { type Args, take, takeFlag, UsageError } from './args'
import { getJson, Refusal, type Where } from './client'
import { Described } from './described'
import { exitCodes } from './exit-codes'
import { filterOf } from './lists'
import { idOf } from './names'
import { camel, type InputProperty, kebab, type Operation, operationNamed, readOperations } from './operations'
import { resultFormatOf, showResults } from './results'
import { say, sayBeside } from './say'
import { clean } from './table'
import { watch } from './watch'

interface StoredPlan {
  id: string
  digest: string
  phrase: string | null
  /** Left out where the console does not say it. */
  waitsFor?: string[]
  /** Address of its page, below the console’s. */
  page?: string
  plan: Plan
}

const asType = (name: string, text: string | true, { type, unit }: InputProperty): unknown => {
  if (text === true) return true
  const types = [type ?? 'string'].flat()
  if (types.includes('boolean')) return text === 'true'
  if (unit === 'bytes') {
    const bytes = parseBytes(text)
    if (bytes === null) throw new UsageError(`--${name} takes a size, such as 16MB.`)
    return bytes
  }
  if (types.includes('integer') || types.includes('number')) {
    if (Number.isNaN(Number(text))) throw new UsageError(`--${name} takes a number.`)
    return Number(text)
  }
  return text
}

const wholeOf = (args: Args, name: string): number | undefined => {
  const text = take(args, name)
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name} takes a whole number.`)
  return Number(text)
}

const policyOf = (args: Args): Record<string, unknown> => {
  const isOff = takeFlag(args, 'no-standbys-first')
  const isOn = takeFlag(args, 'standbys-first')
  const policy = {
    parallel: wholeOf(args, 'parallel'),
    perServer: wholeOf(args, 'per-server'),
    stopAfterFailures: wholeOf(args, 'stop-after'),
    deadlineSeconds: wholeOf(args, 'deadline'),
    standbysFirst: isOff ? false : isOn ? true : undefined,
  }
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined))
}

const targetsOf = async (where: Where, { on }: Operation, words: readonly string[]): Promise<string[]> => {
  if (words.length === 0) return []
  const path = await new Described(where).pathOf(on)
  return Promise.all(words.map((word) => idOf(where, path, word)))
}

/** Flags named like the operation's input are input; what is left chooses the targets. */
const questionOf = async (where: Where, args: Args): Promise<{ body: Record<string, unknown>; operation: Operation }> => {
  const [name, ...words] = args.words
  const operation = operationNamed(await readOperations(where), name)
  const policy = policyOf(args)
  const input: Record<string, unknown> = {}
  for (const [flag, values] of [...args.flags]) {
    const property = operation.input.properties?.[camel(flag)]
    if (!property) continue
    input[camel(flag)] = asType(flag, values.at(-1)!, property)
    args.flags.delete(flag)
  }
  const filter = filterOf(args).toString()
  const targets = await targetsOf(where, operation, words)
  if (targets.length > 0 && filter !== '') throw new UsageError('Choose the targets by name or id, or by filters, not by both.')
  if (targets.length === 0 && filter === '')
    throw new UsageError(`Choose the targets (${operation.on}): names or ids, or filters such as --env prod --herd shop.`)
  return {
    operation,
    body: { operation: operation.name, input, policy, ...(targets.length > 0 ? { targets } : { filter }) },
  }
}

const showPlan = (where: Where, { plan, digest, phrase, page = '', waitsFor = [] }: StoredPlan): void => {
  for (const target of plan.targets) {
    const now = target.now.map(({ label, value }) => `${label}: ${value}`).join(', ')
    say(clean(`${target.eligible ? '+' : '-'} ${target.title}${now ? `  (${now})` : ''}`))
    if (!target.eligible) say(clean(`    excluded: ${target.reason}`))
    for (const { override } of target.gates)
      if (override) say(clean(`    to overrule: --${kebab(override.input)} '${override.words}' (${override.pledge})`))
    for (const gate of target.gates)
      if (gate.verdict !== 'pass') say(clean(`    ${verdictWords[gate.verdict]}: ${gate.title}: ${gate.because}`))
    for (const affected of target.affected) say(clean(`    impact: ${affected.sentence}`))
    if (!target.eligible) continue
    for (const effect of target.effects) {
      say(clean(`    ${effect.state === 'will-run' ? 'will' : effectWords[effect.state]}: ${effect.preview || effect.title}`))
      for (const command of effect.commands) say(`      $ ${clean(command)}`)
      if (effect.ending.kind === 'final') say(clean(`      cannot be undone: ${effect.ending.sentence}`))
    }
  }
  const places = plan.environments.filter((one) => one.targets > 0).map((one) => `${one.targets} in ${one.name}`)
  say(`\n${plan.title}: ${plan.eligible} will run${places.length > 0 ? ` (${places.join(', ')})` : ''}, ${plan.excluded} excluded.`)
  for (const words of waitsFor) say(clean(`Would wait now: ${words}`))
  if (plan.needsApproval) say(`A second person must approve it in the console: ${where.url}${page}`)
  if (phrase !== null) say(`Phrase to type: ${phrase}`)
  say(`digest ${digest}`)
}

const outputOf = (args: Args): 'text' | 'json' => {
  const wanted = take(args, 'output') ?? 'text'
  if (wanted !== 'text' && wanted !== 'json') throw new UsageError('-o takes text or json here.')
  return wanted
}

/** `matriarch plan stop --herd shop --mode fast`: changes nothing. */
export const plan = async (where: Where, args: Args): Promise<number> => {
  const output = outputOf(args)
  const { body } = await questionOf(where, args)
  const stored = await getJson<StoredPlan>(where, '/api/v1/plans', { method: 'POST', body })
  if (output === 'json') say(JSON.stringify(stored, null, 2))
  else showPlan(where, stored)
  return stored.plan.eligible > 0 ? exitCodes.done : exitCodes.refused
}

const ask = async (question: string): Promise<string> => {
  if (!process.stdin.isTTY)
    throw new UsageError('There is no terminal to ask on. In a script, give --yes --digest DIGEST; matriarch plan prints the digest.')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await terminal.question(question)).trim()
  } finally {
    terminal.close()
  }
}

/** Nothing runs without a yes to this very plan: typed here, or its digest brought along, which the caller has compared. */
const agree = async (
  stored: StoredPlan,
  args: { isYes: boolean; phrase?: string },
): Promise<{ digest: string; phrase?: string } | null> => {
  const { isYes, phrase } = args
  if (isYes) return { digest: stored.digest, phrase }
  if (stored.phrase !== null && phrase === undefined) {
    const typed = await ask(`Type “${stored.phrase}” to run it, anything else to quit: `)
    return typed === stored.phrase ? { digest: stored.digest, phrase: typed } : null
  }
  return /^y(es)?$/i.test(await ask('Run it? [y/N] ')) ? { digest: stored.digest, phrase } : null
}

/** `--at TIME` and `--start-within MINUTES`; null: now. */
export const appointmentOf = (args: Args): { at: string; startWithinMinutes: number | undefined } | null => {
  const [at, startWithinMinutes] = [take(args, 'at'), wholeOf(args, 'start-within')]
  if (at === undefined && startWithinMinutes !== undefined) throw new UsageError('--start-within only applies together with --at.')
  return at === undefined ? null : { at, startWithinMinutes }
}

/** Schedules a plan and says for when. */
export const schedule = async (where: Where, body: Record<string, unknown>): Promise<number> => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const { id, at } = await getJson<{ id: string; at: string }>(where, '/api/v1/scheduled-runs', { method: 'POST', headers, body })
  say(`scheduled ${id} for ${at}\nCancel it with: matriarch unschedule ${id}`)
  return exitCodes.done
}

/**
 * `matriarch run …`: shows the plan, asks, submits and follows, or schedules it with `--at`. Runs nothing when the plan has changed since it was read.
 * `takesPlanOfNow`: `--yes` without a digest agrees to the plan of this moment; a phrase has to be given all the same.
 */
export const run = async (where: Where, args: Args, { takesPlanOfNow = false } = {}): Promise<number> => {
  const [isYes, isOutsideWindow, digest, phrase, reason, ticket, appointment] = [
    takeFlag(args, 'yes'),
    takeFlag(args, 'outside-window'),
    take(args, 'digest'),
    take(args, 'phrase'),
    take(args, 'reason'),
    take(args, 'ticket'),
    appointmentOf(args),
  ]
  if (isYes && !digest && !takesPlanOfNow)
    throw new UsageError('--yes needs the digest of the plan that was read: --digest DIGEST; matriarch plan prints it.')
  const format = resultFormatOf(args)
  const { body, operation } = await questionOf(where, args)
  if (format !== undefined && !operation.hasResults)
    throw new UsageError(`-o is for operations that answer with rows; ${operation.name} does not.`)
  if (format !== undefined) sayBeside()
  const stored = await getJson<StoredPlan>(where, '/api/v1/plans', { method: 'POST', body })
  showPlan(where, stored)
  if (stored.plan.eligible === 0) return exitCodes.refused
  if (digest !== undefined && digest !== stored.digest) {
    say('\nThis is not the plan whose digest was given. Nothing has run. Read it, then give its digest.')
    return exitCodes.changed
  }
  const agreed = await agree(stored, { isYes, phrase })
  if (agreed === null) {
    say('Nothing has run.')
    return exitCodes.failed
  }
  try {
    const order = { planId: stored.id, ...agreed, reason, ticket, isOutsideWindow }
    if (appointment) return await schedule(where, { ...order, ...appointment })
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const submitted = await getJson<{ id: string; notice: string | null }>(where, '/api/v1/runs', {
      method: 'POST',
      headers,
      body: order,
    })
    say(`run ${submitted.id}${submitted.notice ? `\n${submitted.notice}` : ''}`)
    const code = await watch(where, submitted.id)
    if (operation.hasResults) await showResults(where, submitted.id, format ?? 'table')
    return code
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.code !== 'plan.moved') throw error
    say('\nSomething changed since this plan was made. Nothing has run. This is the plan now:\n')
    const moved = error.problem.plan as Plan
    showPlan(where, { id: String(error.problem.planId), digest: moved.digest, phrase: moved.phrase, plan: moved })
    return exitCodes.changed
  }
}
