import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MemoryFleet, MemoryJournal, memoryFleet, settleDeadMen } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { type DeadManFacts, gatherDeadMan, hostsCanTell } from '../../facts/timers'
import { armDeadMan, disarmDeadMan, restartDeadMan } from './arm-dead-man'

const template = '[databases]\norders = host={{host}} port={{port}} dbname=orders\n\n[pgbouncer]\nlisten_port = 6432\n'

const newFleet = () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['front', 'n2'] }])
  for (const pooler of fleet.world.poolers.values()) {
    Object.assign(pooler.inventory, { template, isManaged: true })
    pooler.file!.text = template.replace('{{host}}', addressOf(fleet, 'n1')).replace('{{port}}', '5432')
  }
  return fleet
}
const addressOf = (fleet: MemoryFleet, host: string) => fleet.host(host).server.address.address
const front = (fleet: MemoryFleet) => fleet.pooler('orders pooler on front')
const orders = (fleet: MemoryFleet) => front(fleet).databases.get('orders')!
const ids = (fleet: MemoryFleet) => ({
  primary: fleet.instance('orders on n1').inventory.id,
  candidate: fleet.instance('orders on n2').inventory.id,
})

const herdOf = (fleet: MemoryFleet) => ({ id: fleet.instance('orders on n1').inventory.herdId, name: 'orders' })
const fileOf = (fleet: MemoryFleet, id: string) => fleet.world.poolers.get(id)!.file!.text

type MoveFacts = { timers: DeadManFacts }

/** Holds the clients of one pooler back, and nothing else. */
const hold = (fleet: MemoryFleet, before: () => void, action: () => void): Effect<MoveFacts, null, null> => ({
  title: 'Pause clients',
  preview: () => ({ sentence: 'PAUSE', commands: [] }),
  check: async () => ({ found: 'ready', before: null }),
  run: async ({ timers }, _before, ports, { signal }) => {
    before()
    await restartDeadMan(ports, timers, () => 7, signal)
    await ports.act.poolers.pause(front(fleet).inventory.address, 'orders', { timeoutMs: 1_000, signal })
    action()
    return null
  },
  proof: 'answer',
  timeoutMs: 30_000,
  ending: { final: 'Nothing to take back.', harmless: true },
})

const nothing = () => {}
const run = async (fleet: MemoryFleet, { before = nothing, action = nothing } = {}) => {
  const operation = defineOperation({
    name: 'move',
    on: 'dr-pair',
    role: 'dba',
    title: 'Move',
    verb: 'Move',
    danger: 'routine',
    input: z.strictObject({}),
    help: [],
    gather: async (ports, _input, { targetId, signal }): Promise<MoveFacts> => ({
      timers: await gatherDeadMan(
        ports,
        (await ports.inventory.herdPoolers(targetId)).map((pooler) => ({
          pooler,
          databases: [{ name: 'orders', database: 'orders' }],
          file: fileOf(fleet, pooler.id),
        })),
        { herd: herdOf(fleet), members: await ports.inventory.herdInstances(targetId), systemIdentifier: null, expirySeconds: 15 },
        signal,
      ),
    }),
    about: () => ({ title: 'orders', environmentId: null, herdId: null, serverId: null }),
    firm: () => ({}),
    managed: { harmless: 'A test’s own.' },
    locks: () => [],
    now: () => [],
  })
    .effect(
      'arm',
      armDeadMan(({ timers }) => timers),
    )
    .effect('hold', hold(fleet, before, action))
    .effect(
      'disarm',
      disarmDeadMan(({ timers }) => timers),
    )
    .build()
  const targetId = fleet.instance('orders on n1').inventory.herdId
  const plan = await makeTargetPlan(operation, fleet.read, {}, targetId, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const state = await drive(operation, { id: 'job', targetId, input: {}, digest: plan.digest }, journal.open(), fleet, {
    driver: 'test',
    signal: new AbortController().signal,
    isCancelRequested: () => false,
    clock: fleet.clock,
  })
  return { state, lines: journal.lines, plan }
}
const notes = (lines: readonly { kind: string }[]) =>
  lines.flatMap((line) => ('text' in line && typeof line.text === 'string' ? [line.text] : []))

test('the timer of a pooler that holds nobody is disarmed at once, every other one when the job ends and its clients go on by then', async () => {
  const fleet = newFleet()
  let asked = 0
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'disarm dead man' && asked++ === 0) orders(fleet).isPaused = false
  }
  const { state } = await run(fleet)
  const disarmed = fleet.calls.made.filter(({ act }) => act === 'disarm dead man').map(({ target }) => target)
  expect(disarmed).toEqual(['orders pooler on n2', 'orders pooler on front', 'orders pooler on n2'])
  expect(state).toBe('done')
  expect([...fleet.world.poolers.values()].map(({ timers }) => timers.map(({ outcome }) => outcome))).toEqual([['disarmed'], ['disarmed']])
})

test('a timer whose clients are still paused when the job ends stays armed, and resumes them', async () => {
  const fleet = newFleet()
  await run(fleet)
  expect([front(fleet).timers[0]!.outcome, orders(fleet).isPaused]).toEqual([null, true])
  await fleet.clock.sleep(60_000)
  settleDeadMen(fleet.world)
  expect(orders(fleet).isPaused).toBe(false)
})

test('a timer that fired before its job ended is reported, with what it pointed the pooler at and what it resumed', async () => {
  const fleet = newFleet()
  const action = () => {
    front(fleet).timers[0]!.expiresAtMs = 0
    Object.assign(fleet.instance('orders on n1'), { state: 'stopped' })
    Object.assign(fleet.instance('orders on n2'), { hasStandbySignal: false, timeline: 2 })
  }
  const { lines } = await run(fleet, { action })
  expect(notes(lines)).toContain(
    'The timer on the host of orders pooler on front has fired: it pointed the pooler at orders on n2 and resumed the clients of orders.',
  )
  expect(orders(fleet)).toMatchObject({ isPaused: false, host: addressOf(fleet, 'n2') })
})

test('a pooler’s host that is gone when the job ends holds it up no more than its timer holds the clients', async () => {
  const fleet = newFleet()
  const action = () => {
    fleet.host('front').power = 'off'
  }
  const { state, lines } = await run(fleet, { action })
  expect(state).toBe('done')
  expect(notes(lines).join()).toContain(
    'on front could not be disarmed, and resumes its clients on its own: front does not answer over SSH.',
  )
})

test('no client is paused once a timer has fired', async () => {
  const fleet = newFleet()
  const before = () => {
    front(fleet).timers[0]!.expiresAtMs = 0
  }
  const { lines } = await run(fleet, { before })
  expect(lines.find(({ kind }) => kind === 'failed')).toMatchObject({ because: expect.stringContaining('on front has fired') })
  expect(orders(fleet).isPaused).toBe(false)
})

describe('before anything is done', () => {
  const verdictOf = async (change: (fleet: MemoryFleet) => void) => {
    const fleet = newFleet()
    change(fleet)
    const { primary, candidate } = ids(fleet)
    const timers = await gatherDeadMan(
      fleet.read,
      [{ pooler: front(fleet).inventory, databases: [{ name: 'orders', database: 'orders' }], file: front(fleet).file!.text }],
      {
        herd: herdOf(fleet),
        members: await fleet.read.inventory.herdInstances(fleet.instance('orders on n1').inventory.herdId),
        systemIdentifier: fleet.instance('orders on n1').systemIdentifier,
        expirySeconds: 15,
      },
      new AbortController().signal,
    )
    return hostsCanTell(timers, { primary, candidate })
  }

  test('a host that tells the primary from the candidate passes', async () => {
    expect(await verdictOf(() => {})).toEqual({ verdict: 'pass', because: 'front can tell who takes writes.' })
  })

  test('a host that lacks something is refused with what it lacks', async () => {
    const lacking = (fleet: MemoryFleet) => {
      front(fleet).timerProblem = 'psql is not there: install postgresql-client'
    }
    const said = 'No timer can be left on front: psql is not there: install postgresql-client.'
    expect(await verdictOf(lacking)).toEqual({ verdict: 'refuse', because: `${said} Correct that, or choose to go without timers.` })
  })

  test('a host that cannot ask the candidate is refused with what to give it', async () => {
    const { because, verdict } = await verdictOf((fleet) => {
      fleet.instance('orders on n2').state = 'stopped'
    })
    expect(verdict).toBe('refuse')
    expect(because).toContain('front cannot ask orders on n2 (Connection refused): give it a login there')
  })
})
