import { describe, expect, test } from 'vitest'
import { jobOf, newFleet, roles, say } from '@/e2e/harness/twin/switchover'
import { heldIn, type MemoryFleet } from '@/lib/adapters/memory'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { switchover } from '../switchover'
import { failover } from '.'

const nameNow = (fleet: MemoryFleet) => heldIn(fleet.zone('prod.test'), 'demo.prod.test')[0]?.values
const streamingTo = async (fleet: MemoryFleet, host: string) => {
  const { standbys } = await fleet.read.postgres.probe(fleet.instance(`demo on ${host}`).inventory.address, { timeoutMs: 1000 })
  return standbys.filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName)
}
const at = (lines: readonly JournalLine[], kind: JournalLine['kind'], step: string) =>
  Date.parse(lines.find((line) => line.kind === kind && 'step' in line && line.step === step)!.at)

/** Of two members whose commits wait for each other; `trouble` comes with the promotion. */
const moved = async (operation: typeof switchover, trouble: (fleet: MemoryFleet) => void) => {
  const fleet = newFleet({ hosts: ['n1', 'n2'] })
  say(fleet, {})
  for (const { files, active } of fleet.world.instances.values())
    for (const settings of [files, active]) settings.synchronous_standby_names = 'FIRST 1 (*)'
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'promote' || act === 'take over') trouble(fleet)
  }
  const job = await jobOf(fleet, {}, {}, operation)
  return { fleet, ...job, state: await job.on(), asked: () => job.journal.lines.findLast((line) => line.kind === 'attention') }
}

describe.each([switchover, failover])('$name of a synchronous pair', (operation) => {
  test.each(['off', 'frozen'] as const)(
    'name servers that do not answer (%s) hold no commit up: the old primary follows at once, and the job asks then',
    async (power) => {
      const { fleet, state, journal, goOn, asked } = await moved(operation, (fleet) => {
        fleet.zone('prod.test').host.power = power
      })
      expect(state).toBe('attention')
      expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2'])
      expect(await streamingTo(fleet, 'n2')).toEqual(['n1'])
      expect(at(journal.lines, 'finished', 'rejoin') - at(journal.lines, 'intended', 'rejoin')).toBeLessThan(5_000)
      expect(at(journal.lines, 'finished', 'rejoin')).toBeLessThanOrEqual(at(journal.lines, 'failed', 'names'))
      expect(asked()).toMatchObject({ known: expect.arrayContaining(['“Start the old primary as a standby” has happened']) })
      fleet.zone('prod.test').host.power = 'on'
      expect(await goOn()).toBe('done')
      expect(nameNow(fleet)).toEqual(['n2.prod.test'])
    },
  )

  test('an old primary whose host is lost holds no name up: it points to the new one, and the job asks then', async () => {
    const { fleet, state, journal, goOn, asked } = await moved(operation, (fleet) => {
      fleet.host('n1').power = 'frozen'
    })
    expect(state).toBe('attention')
    expect(nameNow(fleet)).toEqual(['n2.prod.test'])
    expect(at(journal.lines, 'finished', 'names')).toBeLessThan(at(journal.lines, 'failed', 'rejoin'))
    expect(asked()).toMatchObject({ known: expect.arrayContaining(['“Move the DNS names” has happened']) })
    fleet.host('n1').power = 'on'
    expect(await goOn()).toBe('done')
    expect(await streamingTo(fleet, 'n2')).toEqual(['n1'])
  })

  test('both at once are both told, and going on does both', async () => {
    const { fleet, state, goOn, asked } = await moved(operation, (fleet) => {
      fleet.zone('prod.test').host.power = 'off'
      fleet.host('n1').power = 'off'
    })
    expect(state).toBe('attention')
    expect(asked()).toMatchObject({ because: expect.stringMatching(/^“Move the DNS names”: .*“Start the old primary as a standby”: /) })
    fleet.zone('prod.test').host.power = 'on'
    fleet.host('n1').power = 'on'
    expect(await goOn()).toBe('done')
    expect(nameNow(fleet)).toEqual(['n2.prod.test'])
    expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2'])
  })
})
