import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { formatDuration } from '@/lib/domain/values/duration'
import { LabError } from '@/lib/playground/machine/error'
import { ensurePackages } from '@/lib/playground/machine/packages.mjs'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { readScenario } from './read'
import { type Outcome, runScenario } from './run'
import { sayWords } from './shape'
import type { Scenario } from './words'
import { hasPatroni, openWorld, type World } from './world'

export const scenarioFolder = join(projectRoot, 'e2e/scenarios')
/** Scenarios that share a lab: with more, its hosts and servers leave two processors no time for what is tried. */
const togetherMax = 5
/** What a shell says of a command that Ctrl-C has ended. */
const interruptedCode = 130

/** Every file of the folder, by name. */
export const allScenarios = (): Scenario[] =>
  readScenarios(
    readdirSync(scenarioFolder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .sort()
      .map((name) => join(scenarioFolder, name)),
  )

/** Throws one `LabError` with the faults of all of them: nobody waits for a run to hear of a typo in the last file. */
export const readScenarios = (paths: readonly string[]): Scenario[] => {
  const faults: string[] = []
  const scenarios = paths.flatMap((path) => {
    try {
      return [readScenario(path)]
    } catch (error) {
      faults.push((error as Error).message)
      return []
    }
  })
  if (faults.length > 0) throw new LabError(faults.join('\n'))
  return scenarios
}

/** `scenario all`, `scenario FILE …`, with `--step`; `scenario words` says what may stand in a file. One that fails holds no other up. Exit code: 0 all passed, 1 one did not. */
export const scenarioVerb = async (words: readonly string[], { step = false }: { step?: boolean }): Promise<number> => {
  if (words.length === 0)
    throw new LabError('Which scenario?', {
      hint: 'npm run lab -- scenario all, or a file of e2e/scenarios; scenario words for what may stand in one',
    })
  if (words.length === 1 && words[0] === 'words') {
    for (const line of sayWords()) console.log(line)
    return 0
  }
  await ensurePackages('bench')
  const startedAt = performance.now()
  const scenarios = words.length === 1 && words[0] === 'all' ? allScenarios() : readScenarios(words.map((word) => resolve(word)))
  if (scenarios.some(hasPatroni)) await ensurePackages('patroni')
  const outcomes: Outcome[] = []
  for (const group of groupsOf(scenarios)) outcomes.push(...(await runGroup(group, step)))
  if (outcomes.length > 1) for (const line of tableOf(outcomes, (performance.now() - startedAt) / 1000)) console.log(line)
  return outcomes.every(({ passed }) => passed) ? 0 : 1
}

/** A line for each file, by name, with what failed under it. */
export const tableOf = (outcomes: readonly Outcome[], seconds: number): string[] => {
  const failed = outcomes.filter(({ passed }) => !passed).length
  const sorted = outcomes.toSorted((a, b) => a.scenario.file.localeCompare(b.scenario.file))
  return [
    '',
    ...sorted.flatMap(({ scenario, passed, seconds: own, faults }) => [
      `${passed ? 'passed' : 'FAILED'}  ${`${own.toFixed(1)} s`.padStart(7)}  ${scenario.file}: ${scenario.name}`,
      ...faults.map((fault) => `                   ${fault}`),
    ]),
    `${outcomes.length - failed} passed, ${failed} failed in ${formatDuration(seconds)}`,
  ]
}

/** Those with the same queue, and with names or without, share a console; those of Patroni that have the same cluster share that, too. */
const groupsOf = (scenarios: readonly Scenario[]): Scenario[][] => {
  const alike = new Map<string, Scenario[]>()
  for (const one of scenarios) {
    const key = hasPatroni(one) ? JSON.stringify(one.fleet) : `${one.fleet.queue} ${one.fleet.names}`
    alike.set(key, [...(alike.get(key) ?? []), one])
  }
  return [...alike.values()].flatMap((own) =>
    own.every(hasPatroni)
      ? [own]
      : Array.from({ length: Math.ceil(own.length / togetherMax) }, (_, index) =>
          own.slice(index * togetherMax, (index + 1) * togetherMax),
        ),
  )
}

/** A lab that does not come up, or cannot be ended, is told of its scenarios; the next group has a lab of its own. */
const runGroup = async (scenarios: readonly Scenario[], step: boolean): Promise<Outcome[]> => {
  const startedAt = performance.now()
  let world: World
  try {
    world = await openWorld(scenarios)
  } catch (error) {
    const faults = [`The lab did not come up: ${(error as Error).message}`]
    return scenarios.map((scenario) => ({ scenario, passed: false, faults, seconds: (performance.now() - startedAt) / 1000 }))
  }
  const end = () => world.close().catch((error: Error) => console.error(`The lab could not be ended: ${error.message}`))
  // Else its folder, half a gigabyte, stays behind. Ctrl-C once more ends at once.
  const interrupt = () => {
    console.log('\nEnding the lab …')
    void end().finally(() => process.exit(interruptedCode))
  }
  process.once('SIGINT', interrupt)
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
    await end()
    process.off('SIGINT', interrupt)
  }
}
