import { formatDuration } from '@/lib/domain/values/duration'
import { doStep } from './actions'
import { checkAll } from './expectations'
import { mendHosts } from './mend'
import { sayMember, sayPooler, seeMembers, seePoolers } from './observed'
import { bringHome, untilPatroniSeen } from './observed-patroni'
import { jobsOf, timesOf } from './orders'
import { endStand, lastOrder, type Stand } from './stand'
import { watchWriters } from './watch-writers'
import type { Scenario, Step } from './words'
import type { World } from './world'

export interface Outcome {
  scenario: Scenario
  passed: boolean
  /** What did not hold or could not be done. */
  faults: string[]
  seconds: number
}

export interface RunOptions {
  print: (line: string) => void
  /** Asked before each step; the state is shown first. Left out: nobody waits. */
  beforeStep?: () => Promise<void>
}

/** Runs one file from its first step to its last, or to the first that fails; what follows would tell of another story. Never throws. */
export const runScenario = async (world: World, scenario: Scenario, { print, beforeStep }: RunOptions): Promise<Outcome> => {
  const startedAt = performance.now()
  const place = world.place(scenario)
  const stand: Stand = { place, orders: new Map(), loads: new Map(), transaction: null, lateWrite: null, filled: [], skewed: new Set() }
  const faults: string[] = []
  print(`\n${scenario.file}: ${scenario.name}${scenario.case === undefined ? '' : ` (case ${scenario.case})`}`)
  print(`     ${sayFleet(scenario)}`)
  const watches = scenario.fleet.herds
  const watched = Object.keys(watches).filter((name) => watches[name]!.manager === 'patroni')
  const ends: (() => Promise<string[]>)[] = []
  try {
    await place.workers.mend()
    if (watched.length > 0) {
      await untilPatroniSeen(place)
      await bringHome(place)
    }
    for (const name of watched) ends.push(await watchWriters(place, name))
    for (const [index, step] of scenario.steps.entries()) {
      if (beforeStep) {
        for (const line of await sayState(stand)) print(`       ${line}`)
        print(`  ${`${index + 1}`.padStart(2)} ${sayStep(step)}   [Enter]`)
        await beforeStep()
      }
      const failed = await takeStep(stand, step, (line) => print(`  ${`${index + 1}`.padStart(2)} ${line}`), print)
      if (failed.length === 0) continue
      faults.push(...failed.map((fault) => `line ${step.line}: ${fault}`))
      break
    }
    if (faults.length > 0) for (const line of await sayState(stand)) print(`       ${line}`)
  } catch (error) {
    faults.push((error as Error).message)
  }
  for (const end of ends) faults.push(...(await end()))
  for (const tidy of [() => endStand(stand, watched.length > 0), () => mendHosts(place)])
    await tidy().catch((error: Error) => faults.push(`What it began could not be ended: ${error.message}`))
  const seconds = (performance.now() - startedAt) / 1000
  const passed = faults.length === 0
  print(
    `  ${passed ? 'PASSED' : 'FAILED'} in ${seconds.toFixed(1)} s${faults.map((fault) => `\n     ${scenario.file}, ${fault}`).join('')}`,
  )
  return { scenario, passed, faults, seconds }
}

type Print = (line: string) => void

const takeStep = async (stand: Stand, step: Step, head: Print, print: Print): Promise<string[]> => {
  const startedAt = performance.now()
  const took = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  try {
    if (step.verb !== 'expect') {
      const came = await doStep(stand, step)
      head(`${sayStep(step).padEnd(48)} ${came} (${took()})`)
      return []
    }
    const { checks, tookMs } = await checkAll(stand, step.words.expect)
    head(`${sayStep(step).padEnd(48)} (${(tookMs / 1000).toFixed(1)} s)`)
    for (const { what, holds, saw } of checks) print(`     ${holds ? '✓' : '✗'} ${what.padEnd(44)} ${saw}`)
    await printTimes(stand, step, print)
    return checks.filter(({ holds }) => !holds).map(({ what, saw }) => `expected ${what}; ${saw}`)
  } catch (error) {
    head(`${sayStep(step).padEnd(48)} could not be done (${took()})`)
    return [(error as Error).message]
  }
}

const printTimes = async (stand: Stand, step: Step, print: Print): Promise<void> => {
  if (step.verb !== 'expect' || step.words.expect.job !== 'done' || stand.orders.size === 0) return
  const times = await timesOf(lastOrder(stand, step.words.expect.order))
  if (times !== '') print(`       ${times}`)
}

const sayFleet = ({ fleet }: Scenario): string =>
  [
    ...Object.entries(fleet.herds).map(
      ([name, { members, synchronous }]) => `${name}: ${members}${synchronous === '' ? '' : `, synchronous ${synchronous}`}`,
    ),
    ...Object.entries(fleet.poolers).map(
      ([host, { herd, mode, also }]) => `pooler ${host} → ${[herd, ...Object.keys(also)].join(', ')}${mode ? ` (${mode})` : ''}`,
    ),
    ...(fleet.queue === 'redis' ? ['queue in redis'] : []),
    ...(fleet.names ? ['names'] : []),
  ].join(' · ')

const sayStep = ({ verb, words }: Step): string => {
  const { name, ...own } = words as { name?: string } & Record<string, unknown>
  if (name !== undefined) return name
  if (verb === 'expect') return 'expect'
  const rest = Object.entries(own).filter(([key, value]) => key !== verb && value !== undefined && JSON.stringify(value) !== '{}')
  const say = (value: unknown) => (typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : JSON.stringify(value))
  const { later, ...others } = Object.fromEntries(rest)
  return [
    `${verb} ${say(own[verb])}`,
    ...Object.entries(others).map(([key, value]) => `${key} ${say(value)}`),
    ...(typeof later === 'number' ? [`${formatDuration(later / 1000)} later`] : []),
  ].join(', ')
}

const sayState = async ({ place, orders }: Stand): Promise<string[]> => {
  const lines: string[] = []
  for (const name of place.herds) {
    lines.push(`${name}: ${(await seeMembers(place, name)).map(sayMember).join(', ')}`)
    const poolers = await seePoolers(place, name)
    if (poolers.length > 0) lines.push(poolers.map(sayPooler).join(', '))
  }
  for (const order of orders.values()) {
    const jobs = (await jobsOf(order)).map(({ state, because }) => `${state}${because ? `: ${place.plain(because)}` : ''}`)
    lines.push(`${order.name}: ${jobs.join('; ') || `refused: ${order.refused}`}`)
  }
  return lines
}
