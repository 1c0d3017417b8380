import { afterAll, beforeAll, expect, test } from 'vitest'
import { allScenarios } from '@/e2e/harness/scenario/cli'
import { runScenario } from '@/e2e/harness/scenario/run'
import { openWorld, type World } from '@/e2e/harness/scenario/world'

/** The lab, the console and a restarted worker all wait for a machine that has other tests to run. */
const timeoutMs = 300_000
/** All of them: `npm run lab -- scenario all`. */
const scenarios = allScenarios().filter(({ ci }) => ci)

let world: World
beforeAll(async () => {
  world = await openWorld(scenarios)
}, timeoutMs)
afterAll(() => world?.close())

test.each(scenarios)(
  '$file: $name',
  async (scenario) => {
    const lines: string[] = []
    const { faults } = await runScenario(world, scenario, { print: (line) => lines.push(line) })
    expect(faults, lines.join('\n')).toEqual([])
  },
  timeoutMs,
)
