import { brokenOf, type CaseResult, countStates } from '@/lib/kernel/engine/crash-matrix'
import { flagsOf } from './harness/flags'
import { actorCases, actorStage } from './harness/twin/actor-cases'
import { otherActorMatrix } from './harness/twin/other-actor'

const usage = `npm run actor-matrix -- [--only WORDS] [--every N] [--sample]

What somebody else may do to a herd while a job on it is open, in memory and whole: every way, at every point of every operation. Ends with 1 when a law
was broken.

  --only      operations whose name and case hold the words
  --every     only every Nth point
  --sample    one way of each kind at a point
  --help      this text
`
const flags = flagsOf(usage, { only: { type: 'string' }, every: { type: 'string' }, sample: { type: 'boolean' } })
const wanted = actorCases.filter(({ operation, what }) => `${operation} ${what}`.includes(flags.only ?? ''))

const table: Record<string, string | number>[] = []
const all: CaseResult[] = []
for (const one of wanted) {
  const startedAt = performance.now()
  const sample = { stride: Number(flags.every ?? 1), isWhole: flags.sample !== true }
  const results = await otherActorMatrix(() => actorStage(one), sample)
  const broken = brokenOf(results)
  for (const line of broken) console.log(`${one.operation} ${one.what}: BROKEN ${line}`)
  const ends = Object.entries(countStates(results)).map(([state, count]) => `${count} ${state}`)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  table.push({ operation: one.operation, what: one.what, cases: results.length, broken: broken.length, ends: ends.join(', '), seconds })
  all.push(...results)
}
console.table(table)
const broken = brokenOf(all).length
console.log(`${all.length} cases, ${broken} broken`)
process.exit(broken > 0 ? 1 : 0)
