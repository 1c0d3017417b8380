import type { CanaryLedger } from '@/lib/domain/proof/canary-ledger'
import { formatLsn } from '@/lib/domain/values/lsn'
import { flow } from './wal'
import type { MemoryInstance, World } from './world'

/** A commit is as long as a small row's. */
const commitBytes = 0xc0
/** So many rows when they start, and again at each look and when they are stopped; time does not pass for them in between. */
const rowsAtOnce = 10

/** Who writes rows and notes each: the canary, or writers of a drill. */
interface Writers {
  ledger: CanaryLedger
  commits: { id: number; system: string; timeline: number; bytes: number }[]
}

export const nextRowOf = ({ ledger }: Pick<Writers, 'ledger'>): number => (ledger.events.at(-1)?.id ?? 0) + 1

/** ms since they began. */
export const writtenForMs = (world: World, { ledger }: Pick<Writers, 'ledger'>): number =>
  world.clock.now().getTime() - Date.parse(ledger.startedAt)

export const writeRows = (world: World, primary: MemoryInstance, writers: Writers): void => {
  const { events } = writers.ledger
  const [firstId, atMs] = [nextRowOf(writers), writtenForMs(world, writers)]
  for (let id = firstId; id < firstId + rowsAtOnce; id += 1) {
    const lsn = formatLsn(BigInt(primary.walBytes))
    primary.walBytes += commitBytes
    writers.commits.push({ id, system: primary.systemIdentifier, timeline: primary.timeline, bytes: primary.walBytes })
    events.push({ kind: 'sent', id, atMs }, { kind: 'ack', id, atMs: atMs + 1, timeline: primary.timeline, lsn })
  }
  flow(world)
}
