import { expect, test } from 'vitest'
import { ledgerEnd, ledgerHead, ledgerLine, readLedger, stripOf } from './canary-ledger'
import { addPiece, arrivalsOf, figuresOf, type Strip, type StripSample, silenceMs } from './canary-strip'

const startedAt = '2026-11-21T09:00:00.000Z'
/** One commit in 50 ms, each taking 2 ms. */
const steady = (count: number, fromMs = 0, timeline = 1): StripSample[] =>
  Array.from({ length: count }, (_, index) => [fromMs + index * 50, 2, timeline])
const grown = (...pieces: StripSample[][]): Strip =>
  pieces.reduce<Strip | null>((strip, samples) => addPiece(strip, { startedAt, atMs: samples.at(-1)![0] + 50, samples }), null)!
const figure = (strip: Strip, label: string) => figuresOf(strip).find((one) => one.label === label)?.value

test('the longest gap is between two acknowledgements, across pieces, whatever failed in between', () => {
  const strip = grown(
    steady(10),
    [
      [500, 0.4, '57P01'],
      [930, 20, 2],
    ],
    steady(10, 1000, 2),
  )
  expect(strip).toMatchObject({ acked: 21, errors: 1, gap: [452, 950] })
  expect(figuresOf(strip).map(({ value }) => value)).toEqual(['21 acknowledged in 1.5 s', '498 ms', '20 ms', '1 (57P01)'])
  expect(arrivalsOf(strip.samples)).toEqual([[930, 20, 2]])
})

test('while nothing is answered a piece without a commit lets the silence grow', () => {
  const quiet = addPiece(grown(steady(10)), { startedAt, atMs: 3_452, samples: [] })
  expect(silenceMs(quiet)).toBe(3_000)
  expect(silenceMs({ ...quiet, isOver: true })).toBe(0)
})

test('a long strip is thinned to what matters, and its figures still count every commit', () => {
  const long = grown(
    steady(9_000),
    [
      [450_000, 96, 1],
      [450_100, 0.3, '57P01'],
      [450_400, 3, 2],
    ],
    steady(9_000, 450_450, 2),
  )
  expect(long.samples.length).toBeLessThanOrEqual(1_200)
  expect(long).toMatchObject({ acked: 18_002, errors: 1, gap: [450_096, 450_403] })
  expect(long.samples).toContainEqual([450_100, 0.3, '57P01'])
  expect(arrivalsOf(long.samples)).toEqual([[450_400, 3, 2]])
  expect(figure(long, 'Slowest commit')).toBe('96 ms')
})

test('a whole strip takes the place of its pieces, and another canary begins from nothing', () => {
  const pieces = grown(steady(10), steady(10, 500))
  const whole: Strip = { ...grown(steady(3)), isOver: true }
  expect(addPiece(pieces, whole)).toBe(whole)
  const other = addPiece(pieces, { startedAt: '2026-11-21T09:05:00.000Z', atMs: 50, samples: steady(1) })
  expect(other).toMatchObject({ acked: 1, samples: steady(1), gap: null })
})

test('the strip of a ledger is what its pieces would have given, and leaves out what was never answered', () => {
  const text = [
    ledgerHead(startedAt),
    ledgerLine({ kind: 'sent', id: 1, atMs: 0.04 }),
    ledgerLine({ kind: 'ack', id: 1, atMs: 2.01, timeline: 1, lsn: '0/1' }),
    ledgerLine({ kind: 'sent', id: 2, atMs: 50 }),
    ledgerLine({ kind: 'refused', id: 2, atMs: 51, code: '25006' }),
    ledgerLine({ kind: 'sent', id: 3, atMs: 100 }),
    ledgerLine({ kind: 'ack', id: 3, atMs: 108.26, timeline: 2, lsn: '0/2' }),
    ledgerLine({ kind: 'sent', id: 4, atMs: 150 }),
  ].join('')
  const samples = [
    [0.04, 1.97, 1],
    [50, 1, '25006'],
    [100, 8.26, 2],
  ]
  expect(stripOf(readLedger(text)!)).toMatchObject({ startedAt, isOver: false, acked: 2, errors: 1, samples, gap: [2.01, 108.26] })
  expect(stripOf(readLedger(text + ledgerEnd(160, startedAt))!).isOver).toBe(true)
})
