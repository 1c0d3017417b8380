import type { CanaryEvidence, MoveEvidence } from './certificate'

/** A planned move of which every piece of the proof is there. */
export const provenMove = (change: Partial<MoveEvidence> = {}): MoveEvidence => ({
  operation: 'failover',
  mode: 'planned',
  jobId: '6f0f7c9e-0000-4000-8000-000000000001',
  runId: '6f0f7c9e-0000-4000-8000-000000000002',
  herd: 'shop',
  environment: 'prod',
  by: 'dana',
  outcome: 'done',
  oldPrimary: 'shop on a',
  newPrimary: 'shop on b',
  systemIdentifier: { old: '7000000000000000001', new: '7000000000000000001' },
  timeline: { old: 3, new: 4 },
  lastKnownLsn: '0/5000000',
  stopped: { controlState: 'shut down', checkpointLsn: '0/5000100' },
  fence: { kind: 'signal', hasStandbySignal: true, isBeforePromotion: true },
  replayed: { checkpointLsn: '0/5000100', replayedLsn: '0/5000178' },
  fork: { timeline: 3, lsn: '0/5000178' },
  firstCommit: { lsn: '0/50002B0', timeline: 4 },
  after: { state: 'online', role: 'standby', timeline: 4, hasStandbySignal: true, checkpointLsn: null },
  clocks: [{ what: 'shop on b', offsetMs: 4, uncertaintyMs: 3 }],
  steps: [
    {
      name: 'stop',
      title: 'Stop',
      state: 'done',
      startedAt: '2026-11-21T09:00:00.000Z',
      endedAt: '2026-11-21T09:00:01.000Z',
      tookMs: 1000,
    },
    {
      name: 'promote',
      title: 'Promote',
      state: 'done',
      startedAt: '2026-11-21T09:00:01.100Z',
      endedAt: '2026-11-21T09:00:02.000Z',
      tookMs: 900,
    },
  ],
  canary: {
    through: 'the members’ own sockets, database postgres',
    startedAt: '2026-11-21T08:59:58.000Z',
    endedAt: '2026-11-21T09:00:05.000Z',
    elapsedMs: 7000.4,
    ledger: { sha256: 'ab'.repeat(32), attempts: 105 },
    acked: 100,
    refused: 3,
    unknown: 2,
    errors: [{ code: '57P01', count: 3 }],
    latencyMs: { p50: 2, p99: 40, max: 90 },
    longestGapMs: 1200,
    timelines: [
      { timeline: 3, acked: 60, lastLsn: '0/5000080' },
      { timeline: 4, acked: 40, lastLsn: '0/5003000' },
    ],
    found: { on: 'shop on b', rows: 101, lost: 0, lostIds: [], foreign: 0, unknownPresent: 1 },
    cutOff: null,
  },
  isCanaryWanted: true,
  ...change,
})

const canary = (change: Partial<CanaryEvidence>): Partial<MoveEvidence> => ({ canary: { ...provenMove().canary!, ...change } })
const found = (change: Partial<NonNullable<CanaryEvidence['found']>>) => canary({ found: { ...provenMove().canary!.found!, ...change } })

/** What is different, and how much is known to be lost by it. */
/** Two steps taken at the same time, the later one ended first, with the numbers of their lines: started, ended. */
export const besideEachOther = (names: [number, number], rejoin: [number, number]): MoveEvidence['steps'] =>
  [
    { name: 'names', startedAt: '2026-11-21T09:00:00.100Z', endedAt: '2026-11-21T09:00:00.900Z', tookMs: 800, numbers: names },
    { name: 'rejoin', startedAt: '2026-11-21T09:00:00.000Z', endedAt: '2026-11-21T09:00:01.000Z', tookMs: 1000, numbers: rejoin },
  ].map(({ numbers: [started, ended], ...step }) => ({ ...step, title: step.name, state: 'done', lines: { started, ended } }))

export const lostMoves: [string, Partial<MoveEvidence>, { bytes: number | null; commits: number | null }][] = [
  ['an acknowledged commit is not there', found({ lost: 2, lostIds: [7, 9], rows: 99 }), { bytes: null, commits: 2 }],
  ['the fork lies before the last record', { fork: { timeline: 3, lsn: '0/5000000' } }, { bytes: 0x100, commits: null }],
  ['the old primary was seen past the fork', { lastKnownLsn: '0/5001178' }, { bytes: 0x1000, commits: null }],
  [
    'a commit was acknowledged past the fork, by an old primary that ran on',
    canary({
      timelines: [
        { timeline: 3, acked: 60, lastLsn: '0/5000278' },
        { timeline: 4, acked: 40, lastLsn: '0/5003000' },
      ],
    }),
    { bytes: 0x100, commits: null },
  ],
]

/** What is different, and the doubt that it is. */
export const doubtfulMoves: [string, Partial<MoveEvidence>, RegExp][] = [
  ['the old primary crashed', { stopped: { controlState: 'in production', checkpointLsn: '0/5000100' } }, /did not shut down cleanly/],
  ['its control file was not read', { stopped: null }, /end of the old primary’s WAL/],
  ['a planned move without the replay seen', { replayed: null }, /was not seen to have replayed/],
  [
    'the candidate had not replayed past it',
    { replayed: { checkpointLsn: '0/5000100', replayedLsn: '0/5000100' } },
    /not past the last record/,
  ],
  ['it wrote after the stop', { replayed: { checkpointLsn: '0/5000200', replayedLsn: '0/5000278' } }, /wrote after it was stopped/],
  ['no fork was read', { fork: null }, /fork point of the new timeline/],
  ['another timeline was left', { fork: { timeline: 2, lsn: '0/5000178' } }, /leaves timeline 2/],
  ['the fork is at the last record', { fork: { timeline: 3, lsn: '0/5000100' } }, /is not past/],
  ['another system', { systemIdentifier: { old: '1', new: '2' } }, /same system/],
  ['no newer timeline', { timeline: { old: 4, new: 4 } }, /newer timeline/],
  ['no commit on it', { firstCommit: null }, /No commit was seen/],
  [
    'a person took the responsibility',
    { fence: { kind: 'override', hasStandbySignal: false, isBeforePromotion: false } },
    /responsibility/,
  ],
  ['no standby.signal', { fence: { kind: 'signal', hasStandbySignal: false, isBeforePromotion: true } }, /was not fenced/],
  ['a fence after the promotion', { fence: { kind: 'signal', hasStandbySignal: true, isBeforePromotion: false } }, /before the promotion/],
  ['nobody looked afterwards', { after: null }, /whether the fence held/],
  [
    'the fence did not hold: it is a primary',
    { after: { state: 'online', role: 'primary', timeline: 3, hasStandbySignal: false, checkpointLsn: null } },
    /the fence did not hold/,
  ],
  [
    'the fence did not hold: it ran in between',
    { after: { state: 'stopped', role: 'unknown', timeline: 3, hasStandbySignal: true, checkpointLsn: '0/5000200' } },
    /moved from 0\/5000100 to 0\/5000200/,
  ],
  [
    'standby.signal was taken away',
    { after: { state: 'stopped', role: 'unknown', timeline: 3, hasStandbySignal: false, checkpointLsn: '0/5000100' } },
    /no longer carries/,
  ],
  [
    'the old primary went on to a timeline of its own',
    { after: { state: 'online', role: 'standby', timeline: 5, hasStandbySignal: true, checkpointLsn: null } },
    /on timeline 5, newer than/,
  ],
  ['a clock is ahead', { clocks: [{ what: 'shop on b', offsetMs: 1900, uncertaintyMs: 3 }] }, /1\.9 s ahead of the console’s/],
  ['clocks disagree', { clocks: [{ what: 'shop on b', offsetMs: -5200, uncertaintyMs: 3 }] }, /5\.2 s behind the console’s/],
  ['no clock was compared', { clocks: [] }, /No two clocks/],
  ['the journal’s clock went back', { steps: [...provenMove().steps].reverse() }, /went back/],
  ['it went back by the order of the journal’s lines', { steps: besideEachOther([1, 2], [3, 4]) }, /went back/],
  ['the console’s clock was set', canary({ elapsedMs: 4000 }), /clock was set while the canary wrote/],
  ['a canary that was asked for is not known of', { canary: null }, /nothing is known of it/],
  ['the canary was cut off', canary({ cutOff: 'its worker died' }), /cut off: its worker died/],
  ['the new primary was not asked', canary({ found: null }), /was not asked/],
  ['rows that nobody sent', found({ foreign: 1, rows: 102 }), /never sent/],
  ['rows that do not add up', found({ rows: 100 }), /do not match/],
  ['a ledger that does not add up', canary({ acked: 99 }), /inconsistent/],
  ['nothing acknowledged before', canary({ timelines: [{ timeline: 4, acked: 100, lastLsn: '0/5003000' }] }), /before the move/],
  ['nothing acknowledged after', canary({ timelines: [{ timeline: 3, acked: 100, lastLsn: '0/5000080' }] }), /after the move/],
  ['the job was given up', { outcome: 'failed' }, /ended as failed/],
]
