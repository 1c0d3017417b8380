/** What the time without a writer is made of, in milliseconds. */
export type GapPart = { what: string; ms: number }

/** From the order to stop until a commit was proven, as measured: each step looks before and after, and a look over SSH is several there and back. */
const roundTrips = 60
/** A fast stop right after a checkpoint, and a promotion, as between two hosts of the lab. */
const stopMs = 300
const promoteMs = 300
/** WAL that a standby replays in a millisecond: 32 MiB in a second. */
const replayBytesPerMs = 33_554
const journalMs = 3
const steps = 6

/** About what clients will see. It leaves out whoever holds up a shutdown, which the gates look for. */
export const predictGap = ({ roundTripMs, lagBytes }: { roundTripMs: number; lagBytes: number }): { ms: number; parts: GapPart[] } => {
  const parts = [
    { what: 'stop', ms: stopMs },
    { what: 'last WAL', ms: Math.ceil(lagBytes / replayBytesPerMs) },
    { what: 'promotion', ms: promoteMs },
    { what: `${roundTrips} round trips`, ms: Math.round(roundTrips * roundTripMs) },
    { what: 'journal', ms: steps * journalMs },
  ]
  return { ms: parts.reduce((sum, { ms }) => sum + ms, 0), parts }
}
