import { expect, test } from 'vitest'
import type { Probe, StandbySeen } from '@/lib/ports'
import type { Readiness } from '../facts/readiness'
import { leftBehind } from '../failover/gates'
import type { SwitchoverFacts } from './facts'
import { readersStream } from './gates'

const reader = (flushLsn: string | null, replayLsn = flushLsn) => ({ applicationName: 'n3', flushLsn, replayLsn }) as StandbySeen
const verdict = (state: string, ...standbys: StandbySeen[]) =>
  readersStream({
    primary: null,
    readiness: { primary: null, candidate: null },
    senders: [{ name: 'n3', state }],
    primaryProbe: { currentLsn: '0/5000000', standbys } as Partial<Probe> as Probe,
    limits: { lagBytesMax: 2 ** 20 },
  })

test('a reader that does not take its WAL is named with its bytes and with what becomes of it; one that only replays late would not', () => {
  expect(verdict('streaming', reader('0/5000000', '0/1000000'))).toEqual({ verdict: 'pass' })
  expect(verdict('streaming', reader(null))).toEqual({ verdict: 'pass' })
  expect(verdict('streaming', reader('0/1000000'))).toEqual({
    verdict: 'warn',
    because:
      'n3 still has to receive 64 MB. A standby that takes no WAL is disconnected before the primary stops, and repointed afterwards.',
  })
  expect(verdict('backup')).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('n3 is in backup') })
})

const slot = { name: 'shop', isFailover: true, isSynced: false, isUsable: true }
const ready = (logicalSlots: (typeof slot)[], awaitedSlots: string[] = []) =>
  ({ limits: {}, isArchivingFailing: false, preparedTransactions: 0, logicalSlots, awaitedSlots }) as Partial<Readiness> as Readiness

test('a failover slot that the candidate has synchronised is not said to be left behind; one that it has not, and any other, is named', () => {
  const said = (candidate: (typeof slot)[]) =>
    leftBehind({
      mode: 'planned',
      readiness: { primary: ready([slot, { ...slot, name: 'old', isFailover: false }]), candidate: ready(candidate) },
    } as Partial<SwitchoverFacts> as SwitchoverFacts)
  expect(said([{ ...slot, isSynced: true }])).toMatchObject({ because: '1 logical slot is left behind (old): the candidate has no copy.' })
  expect(said([])).toMatchObject({ because: '2 logical slots are left behind (shop, old): the candidate has no copy.' })
})

test('a slot of synchronized_standby_slots that no standby reads refuses the move: the fast stop would wait for it without end', () => {
  const said = (isActive: boolean) =>
    readersStream({
      primary: null,
      readiness: { primary: ready([slot], ['c']), candidate: null },
      senders: [],
      primaryProbe: {
        currentLsn: '0/5000000',
        standbys: [],
        slots: [{ name: 'c', kind: 'physical', isActive, retainedBytes: 0 }],
      } as Partial<Probe> as Probe,
      limits: { lagBytesMax: 2 ** 20 },
    })
  expect(said(true)).toEqual({ verdict: 'pass' })
  expect(said(false)).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('names c, which no standby reads') })
})
