import { describe, expect, test } from 'vitest'
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

describe('apt-get fails on n3', () => {
  const installs = (argv: readonly string[]) => !argv.includes('--download-only')
  /** `isHit`: which of its commands. */
  const failing = (isHit: (argv: readonly string[]) => boolean, output: string, action: (fleet: MemoryFleet) => void = () => {}) => {
    const fleet = upgradeFleet()
    const work = fleet.world.work
    fleet.world.work = (argv, host) =>
      isHit(argv) && host.server.title === 'n3' ? { endsWith: 100, output, action: () => action(fleet) } : work(argv, host)
    return fleet
  }
  const troubles = (lines: readonly object[]) => JSON.stringify(lines.filter((line) => /because/.test(JSON.stringify(line))))
  const standing = (fleet: MemoryFleet) => [fleet.instance('demo on n3').state, isNamed(fleet, 'n3'), packageOn(fleet, 'n3').installed]

  test('before PostgreSQL is stopped: nothing is stopped, no host is upgraded, and the reason is apt’s own', async () => {
    const fleet = failing(
      (argv) => !installs(argv),
      'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt-get)\n',
    )
    const { journal, on } = await jobOf(fleet, { canary: false }, {}, rollingMinorUpgrade)
    expect(await on()).toBe('failed')
    expect(fleet.calls.made.filter(({ act }) => /^stop/.test(act))).toEqual([])
    expect(troubles(journal.lines)).toContain('apt-get on n3 failed, and changed nothing: Could not get lock')
    expect(hosts.map((host) => packageOn(fleet, host).installed)).toEqual(['15.18-1', '15.18-1', '15.18-1'])
  })

  test('before it has changed anything: PostgreSQL runs again as it was, in its names', async () => {
    const fleet = failing(installs, 'E: Failed to fetch http://apt/15.19.deb\n')
    const { journal, on } = await jobOf(fleet, { canary: false }, {}, rollingMinorUpgrade)
    expect(await on()).toBe('undone')
    expect(standing(fleet)).toEqual(['running', true, '15.18-1'])
    expect(troubles(journal.lines)).toContain('apt-get on n3 failed, and changed nothing: Failed to fetch')
  })

  test('half-way: PostgreSQL runs with what is there, in its names, nobody else is touched, the job needs attention, and is done once dpkg has configured the rest', async () => {
    const said =
      ' installed postgresql-15 package post-installation script subprocess returned error exit status 3\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n'
    const fleet = failing(
      installs,
      said,
      (one) => void Object.assign(packageOn(one, 'n3'), { installed: '15.19-1', isHalfConfigured: true }),
    )
    const { journal, on, goOn } = await jobOf(fleet, { canary: false }, {}, rollingMinorUpgrade)
    expect(await on()).toBe('attention')
    expect(standing(fleet)).toEqual(['running', true, '15.19-1'])
    expect(troubles(journal.lines)).toContain(
      'demo on n3 runs, and apt-get left its packages on n3 incomplete: postgresql-15 15.19-1 is half-configured.',
    )
    expect(JSON.stringify(journal.lines)).toContain('subprocess returned error exit status 3')
    expect(['n1', 'n2'].map((host) => packageOn(fleet, host).installed)).toEqual(['15.18-1', '15.18-1'])
    packageOn(fleet, 'n3').isHalfConfigured = false
    expect(await goOn()).toBe('done')
    expect(hosts.map((host) => packageOn(fleet, host).installed)).toEqual(['15.19-1', '15.19-1', '15.19-1'])
  })
})
