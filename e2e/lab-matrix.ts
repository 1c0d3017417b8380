import { inspect } from 'node:util'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { ensurePackages } from '@/lib/playground/machine/packages.mjs'
import { testFleet } from './harness/lab'
import { matrixHerd } from './harness/matrix/actions'
import { openFront } from './harness/matrix/front'
import { openLabHerd } from './harness/matrix/herd'
import { type LabCase, MatrixLab } from './harness/matrix/matrix'
import type { Scenario } from './harness/matrix/scenario'
import { pooledFleet, scenarios } from './harness/matrix/scenarios'
import { casesOf, sayTrouble, spreadOver, type Trouble } from './harness/matrix/troubles'

/**
 * `npm run lab-matrix -- [--labs N] [--every N] [--from N] [--only WORDS] [--trouble WORDS]`: the crash matrix on real hosts, whole. Each case that follows from the
 * declarations of failover, switchover, repoint, promote, rejoin, demote and rebuild: the worker killed at each point, each step failed, a cancel and each host lost at each step. `--labs`: how many
 * labs at once (default 3). `--every`: only every Nth case; `--from`: the first of those that is run. `--only`: scenarios whose name holds the words; `--trouble`: cases. The journal of a case that
 * breaks a law is printed. Ends with 1 when one did.
 */
const args = process.argv.slice(2)
const flag = (name: string): string | null => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? null) : null)
const [labCount, every, from] = [Number(flag('--labs') ?? 3), Number(flag('--every') ?? 1), Number(flag('--from') ?? 1)]
const [only, troubleWords] = [flag('--only') ?? '', flag('--trouble') ?? '']

const sayLine = ({ seq, kind, ...line }: JournalLine): string => {
  const { step, because, text, before, output } = line as Record<string, unknown>
  return `      ${seq} ${kind} ${[step, because, text, before && JSON.stringify(before), output && JSON.stringify(output)].filter(Boolean).join(' | ')}`
}

const openLab = async (isThroughPoolers: boolean): Promise<MatrixLab> => {
  const herd = await openLabHerd(isThroughPoolers ? pooledFleet() : testFleet({ [matrixHerd]: 'a > b, c' }), matrixHerd)
  return new MatrixLab(herd, matrixHerd, isThroughPoolers ? await openFront(herd, matrixHerd) : null)
}

await ensurePackages('bench')
const startedAt = performance.now()
const results: LabCase[] = []

const runCase = async (lab: MatrixLab, scenario: Scenario, trouble: Trouble, total: number): Promise<void> => {
  const result = await lab.run(scenario, trouble).catch(
    (error: unknown): LabCase => ({
      scenario: scenario.name,
      trouble: sayTrouble(trouble),
      state: 'running',
      broken: [`the case itself: ${inspect(error, { depth: 3, breakLength: Number.POSITIVE_INFINITY })}`],
      seconds: 0,
      lines: [],
    }),
  )
  results.push(result)
  const { trouble: what, state, broken, seconds, lines } = result
  console.log(
    `${results.length}/${total} ${scenario.name}, ${what} → ${state} (${seconds.toFixed(1)} s)${broken.map((one) => `\n    BROKEN: ${one}`).join('')}`,
  )
  if (broken.length > 0) for (const line of lines) console.log(sayLine(line))
}

/** In labs of their own, several cases at once. */
const runAll = async (wanted: readonly Scenario[], isThroughPoolers: boolean): Promise<void> => {
  if (wanted.length === 0) return
  const labs = await Promise.all(Array.from({ length: labCount }, () => openLab(isThroughPoolers)))
  try {
    const cases: { scenario: Scenario; trouble: Trouble }[] = []
    for (const scenario of wanted) {
      const measured = await labs[0]!.measure(scenario)
      const all = casesOf(scenario, measured)
      cases.push(...all.filter((trouble) => sayTrouble(trouble).includes(troubleWords)).map((trouble) => ({ scenario, trouble })))
      console.log(`${scenario.name}: ${measured.passed} points, ${measured.acts} actions, ${all.length} cases`)
    }
    const chosen = spreadOver(cases, Math.ceil(cases.length / every)).slice(from - 1)
    const total = results.length + chosen.length
    const queue = chosen.values()
    await Promise.all(
      labs.map(async (lab) => {
        for (const { scenario, trouble } of queue) await runCase(lab, scenario, trouble, total)
      }),
    )
  } finally {
    await Promise.all(labs.map((lab) => lab.close()))
  }
}

const wanted = scenarios.filter(({ name }) => name.includes(only))
for (const isThroughPoolers of [false, true])
  await runAll(
    wanted.filter((one) => (one.isThroughPoolers === true) === isThroughPoolers),
    isThroughPoolers,
  )

const table = scenarios.map(({ name }) => {
  const own = results.filter(({ scenario }) => scenario === name)
  const states = [...new Set(own.map(({ state }) => state))].sort()
  const counts = states.map((state) => `${own.filter((one) => one.state === state).length} ${state}`)
  return { scenario: name, cases: own.length, broken: own.filter(({ broken }) => broken.length > 0).length, ends: counts.join(', ') }
})
console.table(table)
const broken = results.filter((one) => one.broken.length > 0)
console.log(`${results.length} cases in ${Math.round((performance.now() - startedAt) / 1000)} s, ${broken.length} broken`)
process.exit(broken.length > 0 ? 1 : 0)
