import { expect, test } from 'vitest'
import { bareFleet, shopFile, stackId, tracesOf } from '@/e2e/harness/twin/stack'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { stackHost } from '@/lib/adapters/memory/stack-host'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { buildCluster } from '.'

const planOf = (fleet: MemoryFleet) => makeTargetPlan(buildCluster, fleet.read, {}, stackId, new AbortController().signal)

const run = async (fleet: MemoryFleet, journal = new MemoryJournal(fleet.clock)) => {
  const { digest, reason } = await planOf(fleet)
  expect(reason).toBeNull()
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  return drive(buildCluster, { id: 'job', targetId: stackId, input: {}, digest }, journal.open(), fleet, options)
}

test('the plan shows every file, package and command for each server and step, no secret, and looking changes nothing', async () => {
  const fleet = bareFleet()
  const plan = await planOf(fleet)
  await expect(`${JSON.stringify(plan, null, 2).replaceAll('\\n', '\n')}\n`).toMatchFileSnapshot('../__snapshots__/plans/build-cluster.txt')
  expect(plan.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test('a cluster of three and one of five servers is built, tested through every door, registered, and built again nothing is changed', async () => {
  const five = shopFile.replace(
    'edge: [etcd, pooler, proxy]',
    'edge: [etcd, pooler, proxy]\n  db3: [postgres, etcd]\n  edge2: [etcd, pooler]',
  )
  // Of three members Patroni has one synchronous standby, which need not be the one that led before.
  for (const [file, last] of [
    [shopFile, 'db1'],
    [five, 'db3'],
  ] as const) {
    const fleet = bareFleet(file)
    expect(await run(fleet)).toBe('done')
    expect([...fleet.world.stacks.built.keys()]).toEqual([stackId])
    const herd = [...fleet.world.herds.values()].find(({ name }) => name === 'shop')
    expect(herd?.systemIdentifier).toBe('7300000000000000001')
    const moves = fleet.calls.made.filter(({ act }) => act.startsWith('switchover')).map(({ act }) => act)
    expect(moves).toEqual(['switchover to db2', `switchover to ${last}`])
    const made = fleet.calls.made.length
    const again = await planOf(fleet)
    expect(again.effects.filter(({ state }) => state === 'will-run')).toEqual([])
    expect(fleet.calls.made.length).toBe(made)
  }
})

test('a value of the file that changed afterwards is written where it belongs and reloaded, and nothing else is touched', async () => {
  const fleet = bareFleet()
  await run(fleet)
  const file = `${shopFile}pooler: { poolSize: 80 }\n`
  const declared = fleet.world.stacks.declared.get(stackId)!
  fleet.world.stacks.declared.set(stackId, { ...declared, file })
  const made = fleet.calls.made.length
  const plan = await planOf(fleet)
  expect(plan.effects.filter(({ state }) => state === 'will-run').map(({ name }) => name)).toEqual(['poolers', 'built'])
  expect(plan.gates.find(({ name }) => name === 'drift')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('/etc/pgbouncer/pgbouncer.ini of edge'),
  })
  expect(plan.effects.find(({ name }) => name === 'poolers')!.commands.join('\n')).toContain(
    '- default_pool_size = 50\n+ default_pool_size = 80',
  )
  expect(await run(fleet)).toBe('done')
  expect(fleet.calls.made.slice(made).map(({ act, target }) => `${target}: ${act}`)).toEqual([
    'edge: put /etc/pgbouncer/pgbouncer.ini /etc/pgbouncer/userlist.txt',
    'edge: reload pgbouncer',
    'console: mark built true',
  ])
})

test('what stands in the way is refused with its cure before anything is touched', async () => {
  const reasonOf = async (change: (fleet: MemoryFleet) => void, file = shopFile) => {
    const fleet = bareFleet(file)
    change(fleet)
    const { reason } = await planOf(fleet)
    expect(fleet.calls.made).toEqual([])
    return reason
  }
  const nothing = () => {}
  expect(await reasonOf(nothing, shopFile.replace('network: 10.0.0.0/8', ''))).toContain('network: ')
  expect(await reasonOf((fleet) => void Object.assign(fleet.host('db2'), { power: 'off' }))).toContain('db2 does not answer')
  expect(
    await reasonOf(({ world }) => void Object.assign(stackHost(world, 'db2'), { whyNotRoot: 'x may not act as root there' })),
  ).toContain('Let it use sudo')
  expect(await reasonOf(({ world }) => void Object.assign(stackHost(world, 'db2'), { clockOffsetMs: 1500 }))).toContain(
    'The clock of db2 is 1.5 s ahead',
  )
  expect(await reasonOf(({ world }) => void stackHost(world, 'edge').units.set('haproxy', { isActive: true, isEnabled: true }))).toContain(
    'edge: haproxy runs there already. Adopt that cluster, or clear the server first.',
  )
  expect(await reasonOf(({ world }) => void stackHost(world, 'db1').directories.set('/var/lib/postgresql/15/shop', 'taken'))).toContain(
    'db1: there are files in /var/lib/postgresql/15/shop.',
  )
  expect(await reasonOf(({ world }) => void stackHost(world, 'db2').listeners.add(5432))).toContain(
    'db2: something listens on port 5432 already. Stop it, or give the cluster other ports.',
  )
})

test('wherever its driver dies, whatever goes wrong and whenever it is cancelled, a cluster stands whole or nothing of it is left', {
  timeout: 300_000,
}, async () => {
  const stage = async (): Promise<Stage> => {
    const fleet = bareFleet(shopFile.replace(', proxy]', ']'))
    const { digest, reason } = await planOf(fleet)
    if (reason !== null) throw new Error(reason)
    const planned = new Map<number, Disturbance>()
    fleet.calls.interfere = ({ nth }) => planned.get(nth)
    const journal = new MemoryJournal(fleet.clock)
    return {
      operation: buildCluster,
      job: { id: 'job', targetId: stackId, input: {}, digest },
      ports: fleet,
      clock: fleet.clock,
      journal,
      disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
      snapshot: () => tracesOf(fleet).join(),
      broken: (state) => {
        const isGivenUp = journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
        const isBack = !isGivenUp && ['undone', 'failed', 'cancelled'].includes(state)
        const traces = tracesOf(fleet)
        return [
          ...fleet.world.violations,
          ...(isBack && traces.length > 0 ? [`${state}, and something is left: ${traces.join(', ')}`] : []),
          ...(state === 'done' && !(traces.includes('keys') && traces.includes('built') && traces.includes('herd shop'))
            ? ['done, and it is not whole']
            : []),
        ]
      },
    }
  }
  const results = await crashMatrix(stage, { stride: 997 })
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
