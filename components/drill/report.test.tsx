import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { costOf } from '@/lib/domain/drill/faults'
import { judgeFault } from '@/lib/domain/drill/judge'
import { drillReport } from '@/lib/domain/drill/report'
import { DrillFindings } from './report'

const cost = costOf('switchover', { isPatroni: true, isSynchronous: true, ttlSeconds: 30, downSeconds: 8 })
const ledger = {
  ...{ startedAt: '2026-03-01T12:00:00.000Z', endedAt: '2026-03-01T12:00:05.000Z', elapsedMs: 5_000, modes: [] },
  events: [1, 2, 3].flatMap((id) => [
    { kind: 'sent' as const, id, atMs: id * 1_000 - 4 },
    { kind: 'ack' as const, id, atMs: id * 1_000, timeline: 1, lsn: '0/3000000' },
  ]),
}
const finding = (ids: number[], isHere = true) =>
  judgeFault({
    ...{ kind: 'switchover', cost, struckAt: '2026-03-01T12:00:02.000Z', wholeMs: 1_200, primary: 'shop on n2', sumBefore: 10_000 },
    ledger: isHere ? { ledger, sha256: 'ab' } : null,
    found: { on: 'shop on n2', ids, sum: 10_000 + ids.length },
  })
const shown = (...lines: object[]) =>
  renderToStaticMarkup(<DrillFindings report={drillReport(lines as Parameters<typeof drillReport>[0])!} />)
const finished = (ids: number[], isHere = true) => ({ kind: 'finished', step: 'switchover', output: finding(ids, isHere) })
const begun = { kind: 'intended', step: 'switchover' }
const closed = [{ kind: 'released', step: 'switchover' }, { kind: 'closed' }]

test('a drill in which nothing was lost says so in words, figure by figure', () => {
  const page = shown(begun, finished([1, 2, 3]), ...closed)
  for (const said of ['none cost more than was declared', 'as declared', 'Longest gap', 'No writer saw an error.'])
    expect(page).toContain(said)
})

test('a loss is named with its rows, and the sum has the right sign', () => {
  const page = shown(begun, finished([1, 3]), ...closed)
  for (const said of ['more than declared', '1 (rows 2)', '−1: fewer transfers than were acknowledged']) expect(page).toContain(said)
})

test('what is not known is never shown as 0, and what was not made good is named', () => {
  const unknown = shown(begun, finished([1], false), ...closed)
  expect(unknown).toContain('not known')
  expect(unknown).not.toMatch(/<td>0<\/td>/)
  const cut = shown(begun, { kind: 'closed' })
  for (const said of ['the job ended before it was measured', 'Left as it is', 'Switch over']) expect(cut).toContain(said)
})
