import { counted } from '@/lib/domain/values/counted'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../../facts/instance'
import { readConfig } from '../cluster'
import { isWell, leads, viewOf } from '../facts'
import { isOurPause, nameOf, type ZeroGapFacts } from './facts'
import { allSay, endPause, leaderNow, pauseFor, untilAllSay, wake } from './pause'
import { heldSeconds } from './rules'

/** Until the clients are paused nobody waits for it to end; then its time begins anew. */
const firstSeconds = 120
const lookEveryMs = 300
/** A member hears of a pause at its next loop at the latest, and ends one once nobody but the primary holds the leader key, which may have to run out. */
const heardTimeoutMs = 120_000
const followTimeoutMs = 180_000

const titles = ({ patroni }: ZeroGapFacts): string => patroni.places.map(({ title }) => title).join(', ')

/** Maintenance mode for the hand-over. However the job ends, so does the pause, as soon as no second primary can come of its end. */
export const pausePatroni: Effect<ZeroGapFacts, null, null> = {
  title: 'Pause Patroni',
  preview: (facts) => ({
    sentence: `Leave a timer on ${counted(facts.patroni.places.length, 'host')} that ends the pause after ${firstSeconds} s, and ${heldSeconds(facts)} s after clients are paused, whatever becomes of the console; pause Patroni, and wait until ${titles(facts)} say so.`,
    commands: ['PATCH /config {"pause": true}'],
  }),
  check: async (facts, ports, { signal }) =>
    isOurPause(facts.patroni, await readConfig(facts.patroni.places, ports, signal)) && (await allSay(true, facts, ports, signal))
      ? { found: 'done', output: null }
      : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => {
    await pauseFor(facts, { seconds: firstSeconds, isRenewed: false }, ports, context)
    await untilAllSay(true, facts, ports, context)
  },
  timeoutMs: heardTimeoutMs,
  ending: {
    release: (facts, _before, _output, ports, context) => endPause(facts, ports, context),
    sentence: 'However the job ends, the pause is ended.',
    timeoutMs: heardTimeoutMs,
  },
}

/** In a pause a Patroni whose server is no primary gives the leader key up, and one whose server is takes it: each at its next loop, which is made to be now. */
export const takeLeaderKey: Effect<ZeroGapFacts, null, null> = {
  title: 'Let Patroni take the leader key',
  preview: ({ candidate }) => ({
    sentence: `Wake every member until Patroni on ${candidate?.title} holds the leader key.`,
    commands: ['PATCH /config {"matriarch_none": null}', 'GET /cluster'],
  }),
  check: async (facts, ports, { signal }) =>
    (await leaderNow(facts, ports, signal))?.id === facts.candidate!.id
      ? { found: 'done', output: null }
      : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => {
    while ((await leaderNow(facts, ports.read, context.signal))?.id !== facts.candidate!.id) {
      context.signal.throwIfAborted()
      await wake(facts, ports, context)
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: heardTimeoutMs,
  ending: { final: 'The candidate is the leader: switch over again to go back.', harmless: true },
}

export const resumePatroni: Effect<ZeroGapFacts, null, null> = {
  title: 'Resume Patroni',
  preview: (facts) => ({
    sentence: `End the pause, and wait until ${titles(facts)} say so.`,
    commands: ['PATCH /config {"pause": null}'],
  }),
  check: async (facts, ports, { signal }) =>
    (await allSay(false, facts, ports, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => {
    await endPause(facts, ports, context)
    await untilAllSay(false, facts, ports, context)
  },
  timeoutMs: heardTimeoutMs,
  ending: { final: 'Automatic failover is back.', harmless: true },
}

type Rejoined = { receivedLsn: string | null; timeline: number | null }

/** The old primary, which Patroni starts, and those that were well before. */
export const membersFollow: Effect<ZeroGapFacts, null, Rejoined> = {
  title: 'Wait until every member follows',
  preview: (facts) => ({
    sentence: `Wait until Patroni has started ${facts.primary?.title} as a standby, and every other member follows ${facts.candidate?.title}.`,
    commands: ['GET /cluster'],
  }),
  check: async (facts, ports, { signal }) => {
    const output = await followingNow(facts, ports, signal)
    return output === null ? { found: 'ready', before: null } : { found: 'done', output }
  },
  run: async (facts, _before, ports, context) => {
    while ((await followingNow(facts, ports.read, context.signal)) === null) {
      context.signal.throwIfAborted()
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: followTimeoutMs,
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
}

/** null: one of them does not follow yet. */
const followingNow = async (facts: ZeroGapFacts, ports: ReadPorts, signal: AbortSignal): Promise<Rejoined | null> => {
  const { patroni, primary, candidate } = facts
  const { state, role, receivedLsn, timeline } = await ports.postgres.probe(primary!.address, { timeoutMs: probeTimeoutMs, signal })
  if (state !== 'online' || role !== 'standby') return null
  const { members } = await viewOf(ports, patroni.places, signal)
  const waited = patroni.members.filter((one) => one.name !== nameOf(facts, candidate!) && (leads(one) || isWell(one)))
  const isFollowed = waited.every(({ name }) => members.some((one) => one.name === name && !leads(one) && isWell(one)))
  return isFollowed ? { receivedLsn, timeline } : null
}
