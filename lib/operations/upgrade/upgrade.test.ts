import { expect, test } from 'vitest'
import { isNamed, upgradeFleet } from '@/e2e/harness/twin/resize'
import { jobOf, planOf, roles } from '@/e2e/harness/twin/switchover'
import type { MemoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { moves } from '../evidence'
import { rollingMinorUpgrade } from './rolling'

const hosts = ['n1', 'n2', 'n3']
const plan = (fleet: MemoryFleet) => planOf(fleet, { canary: false }, rollingMinorUpgrade)
const packageOn = (fleet: MemoryFleet, host: string, name = 'postgresql-15') => fleet.host(host).packages.get(name)!

test('the plan of a rolling minor upgrade reads as this snapshot says, with each package before and after, and changes nothing', async () => {
  const fleet = upgradeFleet({ poolers: ['front'] })
  const planned = await plan(fleet)
  expect([planned.reason, fleet.calls.made]).toEqual([null, []])
  await expect(`${JSON.stringify(planned, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/rolling-upgrade.txt')
})

test('every member runs the newer version while somebody takes writes: standbys, a switchover, the former primary; the move is proven', async () => {
  const fleet = upgradeFleet({ poolers: ['front'] })
  const { journal, on } = await jobOf(fleet, { canary: true }, {}, rollingMinorUpgrade)
  expect(await on()).toBe('done')
  expect(hosts.map((host) => [packageOn(fleet, host).installed, fleet.instance(`demo on ${host}`).version])).toEqual(
    hosts.map(() => ['15.19-1', '15.19']),
  )
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 2'])
  expect(hosts.map((host) => isNamed(fleet, host))).toEqual([true, false, true])
  expect(judgeMove(moves[rollingMinorUpgrade.name]!.evidence(journal.lines, { jobId: 'job', runId: 'run', by: 'ada' })!)).toMatchObject({
    kind: 'proven',
  })
  expect(fleet.world.violations).toEqual([])
})

test('hosts without anything newer are left out, and where no host has any there is nothing to do', async () => {
  const fleet = upgradeFleet()
  for (const host of ['n1', 'n2']) packageOn(fleet, host).candidate = '15.18-1'
  const planned = await plan(fleet)
  expect(planned.effects.filter(({ state }) => state === 'not-needed').map(({ name, because }) => [name, because])).toEqual([
    ['n2', 'Its package sources offer nothing newer.'],
    ['switchover', 'demo on n1 has no need, so it stays the primary.'],
    ['n1', 'Its package sources offer nothing newer.'],
    ['switch-back', 'demo on n1 has no need, so it stays the primary.'],
  ])
  packageOn(fleet, 'n3').candidate = '15.18-1'
  expect((await plan(fleet)).reason).toBe('There is nothing to do: it is already in this state.')
})

test('it is refused where the server is held, apt would remove an extension or keeps one back, by name; another one that is held is said', async () => {
  const held = upgradeFleet()
  packageOn(held, 'n2').isHeld = true
  packageOn(held, 'n2', 'postgresql-15-cron').candidate = '1.5-1'
  expect((await plan(held)).reason).toMatch(/^demo on n2: postgresql-15 is held on n2/)

  const removing = upgradeFleet()
  removing.host('n3').aptSays = 'Remv postgresql-15-cron [1.4-1]\n'
  expect((await plan(removing)).reason).toMatch(/^demo on n3: apt would remove postgresql-15-cron from n3/)

  const keeping = upgradeFleet()
  keeping.host('n1').aptSays = 'The following packages have been kept back:\n  postgresql-15-cron\n'
  expect((await plan(keeping)).reason).toMatch(/^demo on n1: apt keeps postgresql-15-cron back on n1/)

  const other = upgradeFleet()
  Object.assign(packageOn(other, 'n3', 'postgresql-15-cron'), { isHeld: true, candidate: '1.5-1' })
  const { gates } = await plan(other)
  expect(gates.find(({ name }) => name === 'packages')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('Held, and left as they are: postgresql-15-cron'),
  })
})

test('a standby that does not start with the new version stops the job there: it needs attention, and nobody else is touched', async () => {
  const fleet = upgradeFleet()
  const work = fleet.world.work
  fleet.world.work = (argv, host) => {
    const given = work(argv, host)
    const action = () => {
      given.action!()
      fleet.instance('demo on n3').startProblem = 'could not load library "cron"'
    }
    return { ...given, action }
  }
  const { on } = await jobOf(fleet, { canary: false }, {}, rollingMinorUpgrade)
  expect(await on()).toBe('attention')
  expect(['n1', 'n2'].map((host) => packageOn(fleet, host).installed)).toEqual(['15.18-1', '15.18-1'])
})
