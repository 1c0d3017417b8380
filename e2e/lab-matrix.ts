import { inspect } from 'node:util'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { ensurePackages } from '@/lib/playground/machine/packages.mjs'
import { flagsOf } from './harness/flags'
import { testFleet } from './harness/lab'
import { matrixHerd } from './harness/matrix/actions'
import { coverOf, inTurns, kindOfTrouble, partOf, tellingFirst } from './harness/matrix/cover'
import { openFront } from './harness/matrix/front'
import { openLabHerd } from './harness/matrix/herd'
import { type LabCase, MatrixLab } from './harness/matrix/matrix'
import type { Measured, Scenario } from './harness/matrix/scenario'
import { pooledFleet, scenarios } from './harness/matrix/scenarios'
import { addTo, caseKey, isKept, readSummary, tableOf } from './harness/matrix/summary'
import { sayTrouble, type Trouble } from './harness/matrix/trouble'
import { casesOf, spreadOver } from './harness/matrix/troubles'

const usage = `npm run lab-matrix -- [--part 1/8] [--summary FILE] [--minutes N] [--labs N] [--only WORDS] [--trouble WORDS] [--whole] [--every N] [--from N]

The crash matrix on real hosts: the covering set for the operations that move, stop or start a primary. The journal of a case that breaks a law is
printed. Ends with 1 when one did.

  --part       every eighth case of it, say
  --summary    a file that keeps what became of each case from part to part (default lab-matrix.jsonl): one that is there and broke no law is not run again
  --minutes    no case begins later; run it again for the rest
  --labs       how many labs at once (default 3; a case waits more than it works, ten labs keep two cores busy by a quarter)
  --only       scenarios whose name holds the words
  --trouble    cases that hold the words
  --whole      every case that follows from the declarations, of all scenarios
  --every      only every Nth
  --from       the first of those that is run
  --help       this text
`
const text = { type: 'string' } as const
const options = { part: text, summary: text, minutes: text, labs: text, only: text, trouble: text, every: text, from: text } as const
const flags = flagsOf(usage, { ...options, whole: { type: 'boolean' } })
const [labCount, every, from] = [Number(flags.labs ?? 3), Number(flags.every ?? 1), Number(flags.from ?? 1)]
const [only, troubleWords] = [flags.only ?? '', flags.trouble ?? '']
const [part, parts] = (flags.part ?? '1/1').split('/').map(Number) as [number, number]
const endsAt = performance.now() + Number(flags.minutes ?? Number.POSITIVE_INFINITY) * 60_000
const file = flags.summary ?? 'lab-matrix.jsonl'
const isWhole = flags.whole === true
if (!(part >= 1 && part <= parts)) throw new Error(`--part is one of 1/${parts} to ${parts}/${parts}.`)

type Case = { scenario: Scenario; trouble: Trouble }

const movers = ['switchover', 'failover', 'promote', 'rejoin', 'demote']
const wanted = scenarios.filter(({ name, operation }) => name.includes(only) && (isWhole || only !== '' || movers.includes(operation.name)))
const keyOf = ({ scenario, trouble }: Case) => ({ scenario: scenario.name, trouble: sayTrouble(trouble) })

const sayLine = ({ seq, kind, ...line }: JournalLine): string => {
  const { step, because, text, before, output } = line as Record<string, unknown>
  return `      ${seq} ${kind} ${[step, because, text, before && JSON.stringify(before), output && JSON.stringify(output)].filter(Boolean).join(' | ')}`
}

const openLab = async (isThroughPoolers: boolean): Promise<MatrixLab> => {
  const herd = await openLabHerd(isThroughPoolers ? pooledFleet() : testFleet({ [matrixHerd]: 'a > b, c' }), matrixHerd)
  return new MatrixLab(herd, matrixHerd, isThroughPoolers ? await openFront(herd, matrixHerd) : null)
}

const setOf = (scenario: Scenario, measured: Measured): Case[] => {
  const steps = scenario.operation.effects.map(({ name }) => name)
  const all = isWhole ? casesOf(scenario, measured) : coverOf({ ...scenario, steps }, measured)
  return all.filter((trouble) => sayTrouble(trouble).includes(troubleWords)).map((trouble) => ({ scenario, trouble }))
}

/** What the whole set follows from: measured now, or in an earlier part. */
const measuredOf = async (lab: MatrixLab, scenario: Scenario): Promise<Measured> => {
  const known = readSummary(file).measured.get(scenario.name)
  if (known !== undefined) return known
  const measured = await lab.measure(scenario)
  addTo(file, { scenario: scenario.name, measured })
  console.log(`${scenario.name}: ${measured.passed} points, ${measured.acts} actions`)
  return measured
}

const runCase = async (lab: MatrixLab, { scenario, trouble }: Case): Promise<void> => {
  const result = await lab.run(scenario, trouble).catch(
    (error: unknown): LabCase => ({
      scenario: scenario.name,
      trouble: sayTrouble(trouble),
      state: 'running',
      broken: [`the case itself: ${inspect(error, { depth: 3, breakLength: Number.POSITIVE_INFINITY })}`],
      seconds: 0,
      met: null,
      lines: [],
    }),
  )
  const { lines, ...kept } = result
  addTo(file, kept)
  const { trouble: what, state, broken, seconds, met } = kept
  console.log(
    `${scenario.name}, ${what} → ${state} (${seconds.toFixed(1)} s${met === null ? '' : `, ${met}`})${broken.map((one) => `\n    BROKEN: ${one}`).join('')}`,
  )
  if (broken.length > 0) for (const line of lines) console.log(sayLine(line))
}

/** Some of the scenarios, and whether all labs of theirs have poolers. */
interface Group {
  own: readonly Scenario[]
  isThroughPoolers: boolean
}

const listsOf = ({ own }: Group, known: ReadonlyMap<string, Measured> = readSummary(file).measured): Case[][] =>
  own.flatMap((scenario) => (known.has(scenario.name) ? [setOf(scenario, known.get(scenario.name)!)] : []))

const remainingOf = (group: Group): Case[] => {
  const { measured, cases } = readSummary(file)
  const ordered = inTurns(listsOf(group, measured).map((own) => tellingFirst(own, ({ trouble }) => kindOfTrouble(trouble))))
  const chosen = partOf(spreadOver(ordered, Math.ceil(ordered.length / every)).slice(from - 1), part, parts)
  return chosen.filter((one) => !isKept({ measured, cases }, keyOf(one)))
}

const isOver = (group: Group): boolean => {
  const known = readSummary(file).measured
  return group.own.every(({ name }) => known.has(name)) && remainingOf(group).length === 0
}

/** In so many labs of their own, several cases at once. */
const runGroup = async (group: Group, count: number): Promise<void> => {
  const labs = await Promise.all(Array.from({ length: count }, () => openLab(group.isThroughPoolers)))
  try {
    for (const scenario of group.own) await measuredOf(labs[0]!, scenario)
    const chosen = remainingOf(group)
    console.log(`${chosen.length} cases of ${listsOf(group).flat().length}`)
    const queue = chosen.values()
    await Promise.all(
      labs.map(async (lab) => {
        for (const one of queue) {
          if (performance.now() > endsAt) break
          await runCase(lab, one)
        }
      }),
    )
  } finally {
    await Promise.all(labs.map((lab) => lab.close()))
  }
}

await ensurePackages('bench')
const startedAt = performance.now()
const groups = [false, true]
  .map((isThroughPoolers) => ({ own: wanted.filter((one) => (one.isThroughPoolers === true) === isThroughPoolers), isThroughPoolers }))
  .filter((group) => group.own.length > 0)
const open = groups.filter((group) => !isOver(group))
// With poolers a herd is one scenario of several: a third of the labs.
const share = (group: Group) => (open.length < 2 ? labCount : Math.max(1, Math.round(labCount / (group.isThroughPoolers ? 3 : 1.5))))
await Promise.all(open.map((group) => runGroup(group, share(group))))
const whole = groups.flatMap((group) => listsOf(group).flat())

const summary = readSummary(file)
const keys = whole.map(keyOf)
console.table(tableOf(keys, summary))
const kept = keys.flatMap((key) => summary.cases.get(caseKey(key)) ?? [])
const broken = kept.filter((one) => one.broken.length > 0)
for (const one of broken) console.log(`${one.scenario}, ${one.trouble} → ${one.state}: ${one.broken.join('; ')}`)
const kindOf = ({ scenario, trouble }: Case) => `${scenario.name} ${kindOfTrouble(trouble)}`
const tried = whole.filter((one) => summary.cases.has(caseKey(keyOf(one))))
console.log(
  `${new Set(tried.map(kindOf)).size} of ${new Set(whole.map(kindOf)).size} kinds of trouble, by scenario, were tried at least once`,
)
console.log(`${kept.length} of ${keys.length} cases, ${broken.length} broken; ${Math.round((performance.now() - startedAt) / 1000)} s`)
process.exit(broken.length > 0 ? 1 : 0)
