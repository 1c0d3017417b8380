import type { ClockSeen, OldPrimarySeen } from '@/lib/domain/proof/certificate'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { contentsOf } from '../facts/contents'
import { isDown, type Place, type Plain } from '../facts/instance'
import { lookAt } from './postgres/server'

/** What a journal does not say of its own job. */
export interface EvidenceAbout {
  jobId: string
  runId: string
  by: string
}

export type Evidence = {
  /** ISO, by the console's clock. */
  at: string
  systemIdentifier: string | null
  timeline: number | null
  fork: { timeline: number; lsn: string } | null
  after: Plain<OldPrimarySeen> | null
  clocks: Plain<ClockSeen>[]
  /** Of all databases of the new primary, whose catalogs are the old one's; null: not all of them said. */
  unloggedTables: number | null
}

const lookTimeoutMs = 10_000

/**
 * Looks once more when everything is over, for the certificate: where the new timeline leaves the old one, what the old primary is now, and whether the clocks
 * agree. What cannot be seen is left out, and the certificate says so: a look must not hold up what has happened already. `old` null: it is not asked.
 */
export const collectEvidence = <F extends Facts>(
  next: (facts: F) => Place,
  old: (facts: F) => Place | null,
): Effect<F, null, Evidence> => ({
  title: 'Collect the evidence',
  preview: (facts) => ({
    sentence: `Read the timeline history of ${next(facts)?.title} and count its unlogged tables${old(facts) === null ? '' : `, look at ${old(facts)?.title} once more`} and compare the clocks, for the certificate.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note }) => {
    const orNull = async <T>(what: string, look: () => Promise<T>): Promise<T | null> => {
      try {
        return await look()
      } catch (error) {
        if (signal.aborted || !isFault(error)) throw error
        note('warning', `${what}: ${error.message}`)
        return null
      }
    }
    const at = ports.read.now().toISOString()
    const [place, former] = [next(facts), old(facts)]
    const probe = await orNull(`${place.title} could not be looked at`, () => lookAt(ports.read, place, signal))
    const timeline = probe?.timeline ?? null
    const [contents, history, after, ...clocks] = await Promise.all([
      orNull(`The unlogged tables of ${place.title} could not be counted`, () => contentsOf(ports.read, place, signal)),
      timeline === null
        ? null
        : orNull('The timeline history could not be read', () =>
            ports.read.replication.history(place.address, timeline, { timeoutMs: lookTimeoutMs, signal }),
          ),
      former === null ? null : orNull(`${former.title} could not be looked at`, () => lookAfterwards(ports.read, former, signal)),
      ...[place, ...(former === null ? [] : [former])].map((one) =>
        orNull(`The clock of ${one.title} could not be read`, () => clockOf(ports.read, one, signal)),
      ),
    ])
    const last = history?.at(-1)
    return {
      at,
      systemIdentifier: probe?.systemIdentifier ?? null,
      timeline,
      fork: last === undefined ? null : { timeline: last.timeline, lsn: last.forkLsn },
      after,
      clocks: clocks.filter((clock) => clock !== null),
      unloggedTables: contents === null || typeof contents === 'string' ? null : contents.reduce((sum, { unlogged }) => sum + unlogged, 0),
    }
  },
  timeoutMs: 60_000,
  proof: 'answer',
  ending: { final: 'Reading changes nothing.', harmless: true },
})

const lookAfterwards = async (ports: ReadPorts, place: Place, signal: AbortSignal): Promise<OldPrimarySeen> => {
  const { state, role, timeline, hasStandbySignal } = await lookAt(ports, place, signal)
  const disk = isDown(state) ? await ports.replication.dataDirectory(place.address, { timeoutMs: lookTimeoutMs, signal }) : null
  return { state, role, timeline, hasStandbySignal, checkpointLsn: disk?.checkpointLsn ?? null }
}

const clockOf = async (ports: ReadPorts, place: Place, signal: AbortSignal): Promise<ClockSeen> => {
  const askedAt = ports.now().getTime()
  const { serverTime } = await ports.postgres.settings(place.address, { timeoutMs: lookTimeoutMs, signal })
  const answeredAt = ports.now().getTime()
  const uncertaintyMs = (answeredAt - askedAt) / 2
  return { what: place.title, offsetMs: Math.round(Date.parse(serverTime) - askedAt - uncertaintyMs), uncertaintyMs }
}
