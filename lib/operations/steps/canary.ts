import { judgeCanary } from '@/lib/domain/proof/canary-ledger'
import type { CanaryEvidence } from '@/lib/domain/proof/certificate'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { type CanaryFacts, sayThrough } from '../facts/canary'
import { type Place, type Plain, probeTimeoutMs } from '../facts/instance'

const sqlTimeoutMs = 15_000
/** For the first commits: a primary that is slower than this should not be stopped now. */
const startTimeoutMs = 20_000
/** For the first commits on the new primary. */
const resumeTimeoutMs = 10_000
const acksAfter = 5
/** Behind a pooler the clients go on already, and a second of them is worth seeing. */
const pooledAcksAfter = 20
const lookEveryMs = 100

/** Writes as a client does from here on, whatever happens to the herd; `stopCanary` compares. However the job ends, its schema goes again. */
export const startCanary = <F extends Facts>(
  of: (facts: F) => CanaryFacts | null,
  places: (facts: F) => Place[],
): Effect<F, null, null> => ({
  title: 'Start a canary',
  preview: (facts) => ({
    sentence: sayStart(of(facts)),
    commands: [
      'drop schema if exists matriarch_canary cascade',
      'create schema matriarch_canary',
      'create table matriarch_canary.commits (…)',
      'insert into matriarch_canary.commits …',
    ],
  }),
  check: async (facts, ports) =>
    (await ports.canary.ledger(of(facts)!.run))?.isWriting ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async (facts, _before, ports, { signal, jobId }) => {
    const { run, members, door } = of(facts)!
    await ports.act.canary.prepare(members[0]!, door?.serverUser ?? null, { timeoutMs: sqlTimeoutMs, signal })
    await ports.act.canary.start(run, door === null ? members : [door], { timeoutMs: startTimeoutMs, signal, jobId })
  },
  timeoutMs: sqlTimeoutMs + startTimeoutMs + 5_000,
  ending: {
    release: async (facts, _before, _output, ports, { signal, note }) => {
      const { run, members } = of(facts)!
      await ports.act.canary.stop(run)
      const leads = await whoLeads(ports.read, places(facts), signal)
      if (leads === null)
        note(
          'warning',
          'No member takes writes, so the schema matriarch_canary is still there. Drop it later: drop schema matriarch_canary cascade',
        )
      else await ports.act.canary.remove(members.find(({ title }) => title === leads)!, run, { timeoutMs: sqlTimeoutMs, signal })
    },
    sentence: 'However the job ends, the canary stops and its schema is dropped.',
  },
})

const sayStart = (canary: CanaryFacts | null): string =>
  canary === null
    ? ''
    : `Create the schema matriarch_canary in the database ${canary.members[0]?.database} of ${canary.members[0]?.title}, and commit twenty rows a second from now on, through ${sayThrough(canary)}.`

/** Title of the one that takes writes; null: everybody was seen, and nobody does. Throws when somebody could not be seen. */
const whoLeads = async (ports: ReadPorts, places: readonly Place[], signal: AbortSignal): Promise<string | null> => {
  const probes = await Promise.all(places.map(({ address }) => ports.postgres.probe(address, { timeoutMs: probeTimeoutMs, signal })))
  const index = probes.findIndex(({ state, role }) => state === 'online' && role === 'primary')
  if (index >= 0) return places[index]!.title
  const unseen = probes.findIndex(({ state }) => state === 'unreachable' || state === 'unknown' || state === 'starting')
  if (unseen >= 0)
    throw new Fault('step.unknown', {
      because: `${places[unseen]!.title} is ${probes[unseen]!.state}, so the canary’s schema cannot be dropped yet`,
    })
  return null
}

type Judged = { evidence: Plain<CanaryEvidence> | null }

/** Lets the canary have some commits on the new primary, stops it and asks there for every row of it. A canary that fails holds nobody up: the certificate says so. */
export const stopCanary = <F extends Facts>(
  of: (facts: F) => CanaryFacts | null,
  next: (facts: F) => Place | null,
): Effect<F, null, Judged> => ({
  title: 'Compare the canary with the new primary',
  preview: (facts) => ({
    sentence: `Stop the canary once it has commits on ${next(facts)?.title}, and check there for every acknowledged row.`,
    commands: ['select id from matriarch_canary.commits'],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note, pause }) => {
    const canary = of(facts)!
    const { run, members } = canary
    const enough = canary.door === null ? acksAfter : pooledAcksAfter
    const endsAt = ports.read.now().getTime() + resumeTimeoutMs
    for (;;) {
      const seen = await ports.read.canary.ledger(run)
      const acks = seen?.ledger.events.filter((event) => event.kind === 'ack') ?? []
      const newest = acks.filter(({ timeline }) => timeline > acks[0]!.timeline)
      if (!seen?.isWriting || newest.length >= enough || ports.read.now().getTime() >= endsAt || signal.aborted) break
      await pause(lookEveryMs)
    }
    await ports.act.canary.stop(run)
    const seen = await ports.read.canary.ledger(run)
    if (seen === null) return { evidence: null }
    const { title } = next(facts)!
    const endpoint = members.find((one) => one.title === title)!
    let found: { on: string; ids: number[] } | null = null
    try {
      found = { on: title, ids: await ports.read.canary.rows(endpoint, run, { timeoutMs: sqlTimeoutMs, signal }) }
    } catch (error) {
      if (signal.aborted || !isFault(error)) throw error
      note('warning', `${title} could not be asked for the canary’s rows: ${error.message}`)
    }
    return { evidence: judgeCanary(seen.ledger, found, { through: sayThrough(canary), sha256: seen.sha256, cutOff: null }) }
  },
  timeoutMs: resumeTimeoutMs + sqlTimeoutMs + 10_000,
  proof: 'answer',
  ending: { final: 'The comparison changes nothing.', harmless: true },
})
