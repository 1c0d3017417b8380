import { expect, test } from 'vitest'
import type { Probe, StandbySeen } from '@/lib/ports'
import { readersStream } from './gates'

const reader = (flushLsn: string | null, replayLsn = flushLsn) => ({ applicationName: 'n3', flushLsn, replayLsn }) as StandbySeen
const verdict = (state: string, ...standbys: StandbySeen[]) =>
  readersStream({
    senders: [{ name: 'n3', state }],
    primaryProbe: { currentLsn: '0/5000000', standbys } as Partial<Probe> as Probe,
    limits: { lagBytesMax: 2 ** 20, stopSeconds: 10 },
  })

test('a reader that does not take its WAL would hold the shutdown up, and is named with its bytes; one that only replays late would not', () => {
  expect(verdict('streaming', reader('0/5000000', '0/1000000'))).toEqual({ verdict: 'pass' })
  expect(verdict('streaming', reader(null))).toEqual({ verdict: 'pass' })
  expect(verdict('streaming', reader('0/1000000'))).toEqual({
    verdict: 'warn',
    because: 'n3 still has to receive 64 MB: the shutdown waits for that, and is undone after 10 s.',
  })
  expect(verdict('backup')).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('n3 is in backup') })
})
