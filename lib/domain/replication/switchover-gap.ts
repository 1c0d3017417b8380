/** What the time without a writer is made of, in milliseconds. */
export type GapPart = { what: string; ms: number }

/** Waiting for the transactions that run, a fast stop right after a checkpoint with its fence, and a promotion, as between two hosts of the lab. */
const drainMs = 10
const stopMs = 60
const promoteMs = 40
/** PgBouncer opens its connections to the new server. */
const loginMs = 10
/** WAL that a standby replays in a millisecond: 32 MiB in a second. */
const replayBytesPerMs = 33_554
const journalMs = 5
/** Stop, replay, promote, commit. */
const roundTrips = 6
/** PAUSE and RESUME of all poolers at once. */
const poolerTrips = 2

/** About what clients will see. It leaves out what delays a shutdown or a pause; the gates look for that. */
export const predictGap = ({
  roundTripMs,
  lagBytes,
  poolers,
}: {
  roundTripMs: number
  lagBytes: number
  poolers: number
}): { ms: number; parts: GapPart[] } => {
  const trips = roundTrips + (poolers > 0 ? poolerTrips : 0)
  const parts = [
    ...(poolers > 0 ? [{ what: 'drain', ms: drainMs }] : []),
    { what: 'stop', ms: stopMs },
    { what: 'last WAL', ms: Math.ceil(lagBytes / replayBytesPerMs) },
    { what: 'promotion', ms: promoteMs },
    { what: `${trips} round trips`, ms: Math.round(trips * roundTripMs) },
    { what: 'journal', ms: journalMs },
    ...(poolers > 0 ? [{ what: 'login', ms: loginMs }] : []),
  ]
  return { ms: parts.reduce((sum, { ms }) => sum + ms, 0), parts }
}
