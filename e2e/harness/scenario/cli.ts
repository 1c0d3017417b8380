import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { LabError } from '@/lib/playground/lab-error'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { readScenario } from './read'
import { type Outcome, runScenario } from './run'
import type { Scenario } from './words'
import { openWorld } from './world'

export const scenarioFolder = join(projectRoot, 'e2e/scenarios')
/** Scenarios that share a lab: with more, its hosts and servers leave two processors no time for what is tried. */
const togetherMax = 5

/** Every file of the folder, by name. */
export const allScenarios = (): Scenario[] =>
  readdirSync(scenarioFolder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => readScenario(join(scenarioFolder, name)))

/** `scenario all`, `scenario FILE …`, with `--step`. Exit code: 0 all passed, 1 one did not. */
export const scenarioVerb = async (words: readonly string[], { step = false }: { step?: boolean }): Promise<number> => {
  if (words.length === 0) throw new LabError('Which scenario?', { hint: `npm run lab -- scenario all, or a file of e2e/scenarios` })
  const scenarios = words.length === 1 && words[0] === 'all' ? allScenarios() : words.map((word) => readScenario(resolve(word)))
  const outcomes: Outcome[] = []
  for (const group of groupsOf(scenarios)) outcomes.push(...(await runGroup(group, step)))
  if (outcomes.length > 1) {
    console.log('')
    for (const { scenario, passed, seconds } of outcomes)
      console.log(`${passed ? 'passed' : 'FAILED'}  ${`${seconds.toFixed(1)} s`.padStart(7)}  ${scenario.file}: ${scenario.name}`)
  }
  return outcomes.every(({ passed }) => passed) ? 0 : 1
}

/** Those with the same queue share a console. */
const groupsOf = (scenarios: readonly Scenario[]): Scenario[][] =>
  (['postgresql', 'redis'] as const).flatMap((queue) => {
    const own = scenarios.filter(({ fleet }) => fleet.queue === queue)
    return Array.from({ length: Math.ceil(own.length / togetherMax) }, (_, index) =>
      own.slice(index * togetherMax, (index + 1) * togetherMax),
    )
  })

const runGroup = async (scenarios: readonly Scenario[], step: boolean): Promise<Outcome[]> => {
  const world = await openWorld(scenarios)
  const terminal = step ? createInterface({ input: process.stdin }) : null
  // Keeps what was typed ahead; once the input has ended nobody is waited for.
  const lines = terminal?.[Symbol.asyncIterator]()
  try {
    const outcomes: Outcome[] = []
    for (const scenario of scenarios) {
      const beforeStep = lines ? { beforeStep: async () => void (await lines.next()) } : {}
      outcomes.push(await runScenario(world, scenario, { print: (line) => console.log(line), ...beforeStep }))
    }
    return outcomes
  } finally {
    terminal?.close()
    await world.close()
  }
}
