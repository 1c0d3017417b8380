import { inspect } from 'node:util'
import type { JournalLine } from '@/lib/kernel/journal'
import { testFleet } from './harness/lab'
import { openLabHerd } from './harness/lab-herd'
import { casesOf, type LabCase, MatrixLab, sayTrouble, spreadOver, type Trouble } from './harness/lab-matrix'
import { matrixHerd, scenarios } from './harness/lab-scenarios'

/**
 * `npm run lab-matrix -- [--labs N] [--every N] [--only WORDS] [--trouble WORDS]`: the crash matrix on real hosts, whole. Each case that follows from the
 * declarations of failover, repoint, promote and rejoin: the worker killed at each point, each deed failed, each host lost at each step. `--labs`: how many
 * labs at once (default 3). `--every`: only every Nth case. `--only`: scenarios whose name holds the words; `--trouble`: cases. The journal of a case that
 * breaks a law is printed. Ends with 1 when one did.
 */
const args = process.argv.slice(2)
const flag = (name: string): string | null => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? null) : null)
const [labCount, every] = [Number(flag('--labs') ?? 3), Number(flag('--every') ?? 1)]
const [only, troubleWords] = [flag('--only') ?? '', flag('--trouble') ?? '']

const sayLine = ({ seq, kind, ...line }: JournalLine): string => {
  const { step, because, text, before, output } = line as Record<string, unknown>
  return `      ${seq} ${kind} ${[step, because, text, before && JSON.stringify(before), output && JSON.stringify(output)].filter(Boolean).join(' | ')}`
}

const startedAt = performance.now()
const labs = await Promise.all(
  Array.from(
    { length: labCount },
    async () => new MatrixLab(await openLabHerd(testFleet({ [matrixHerd]: 'a > b, c' }), matrixHerd), matrixHerd),
  ),
)
const results: LabCase[] = []
try {
  const cases: { index: number; trouble: Trouble }[] = []
  for (const [index, scenario] of scenarios.entries()) {
    if (!scenario.name.includes(only)) continue
    const { points } = await labs[0]!.measure(scenario)
    const all = casesOf(scenario, points)
    cases.push(...all.filter((trouble) => sayTrouble(trouble).includes(troubleWords)).map((trouble) => ({ index, trouble })))
    console.log(`${scenario.name}: ${points.passed} points, ${points.acts} deeds, ${all.length} cases`)
  }
  const chosen = spreadOver(cases, Math.ceil(cases.length / every))
  const queue = chosen.values()
  await Promise.all(
    labs.map(async (lab) => {
      for (const { index, trouble } of queue) {
        const scenario = scenarios[index]!
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
          `${results.length}/${chosen.length} ${scenario.name}, ${what} → ${state} (${seconds.toFixed(1)} s)${broken.map((one) => `\n    BROKEN: ${one}`).join('')}`,
        )
        if (broken.length > 0) for (const line of lines) console.log(sayLine(line))
      }
    }),
  )
} finally {
  await Promise.all(labs.map((lab) => lab.close()))
}

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
