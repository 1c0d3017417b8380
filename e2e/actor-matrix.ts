import { brokenOf, type CaseResult, countStates } from '@/lib/kernel/engine/crash-matrix'
import { actorCases, actorStage } from './harness/twin/actor-cases'
import { otherActorMatrix } from './harness/twin/other-actor'

/**
 * `npm run actor-matrix -- [--only WORDS] [--every N] [--sample]`: what somebody else may do to a herd while a job on it is open, in memory and whole: every way, at every point of
 * every operation. `--only`: operations whose name and case hold the words. `--every`: only every Nth point. `--sample`: one way of each kind at a point. Ends with 1 when a law was broken.
 */
const args = process.argv.slice(2)
const flag = (name: string): string | null => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? null) : null)
const wanted = actorCases.filter(({ operation, what }) => `${operation} ${what}`.includes(flag('--only') ?? ''))

const table: Record<string, string | number>[] = []
const all: CaseResult[] = []
for (const one of wanted) {
  const startedAt = performance.now()
  const sample = { stride: Number(flag('--every') ?? 1), isWhole: !args.includes('--sample') }
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
