import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { isWell, leads, type PatroniFacts, type Seat, viewOf } from './facts'

/** Patroni itself waits twice its loop_wait, and at least 20 s, before it says that it does not know. */
const askTimeoutMs = 90_000
const followTimeoutMs = 180_000
const lookEveryMs = 500

const leaderOf = (facts: PatroniFacts): Seat => facts.leader!
const candidateOf = (facts: PatroniFacts): Seat => facts.candidate!
const bodyOf = (facts: PatroniFacts) => ({ leader: leaderOf(facts).name, candidate: candidateOf(facts).name })

/** Both hosts are asked: one of them may be the one that does not answer just then. */
const view = (facts: PatroniFacts, ports: ReadPorts, signal: AbortSignal) =>
  viewOf(ports, [candidateOf(facts).place, leaderOf(facts).place], signal)

/** Patroni hands the leader key over. What it answers is no proof: the leader key and the candidate's own role are. */
export const switchLeader = (): Effect<PatroniFacts, null, null> => ({
  title: 'Hand over the leader key',
  preview: (facts) => ({
    sentence: `Ask Patroni to switch over from ${leaderOf(facts).place.title} to ${candidateOf(facts).place.title}.`,
    commands: [`POST /switchover ${JSON.stringify(bodyOf(facts))}`],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const [from, to] = [leaderOf(facts), candidateOf(facts)]
    const { leaders, why } = await view(facts, ports, signal)
    const [leader] = leaders
    if (leaders.length === 1 && leader === to.name) {
      const { role, state } = await ports.postgres.probe(to.place.address, { timeoutMs: probeTimeoutMs, signal })
      if (role === 'primary' && state === 'online') return { found: 'done', output: null }
      return { found: 'blocked', because: `${to.place.title} holds the leader key and does not take writes yet.`, isPassing: true }
    }
    if (leaders.length === 1 && leader === from.name) return { found: 'ready', before: null }
    if (leaders.length === 1) return { found: 'blocked', because: `${leader} leads now.` }
    const because =
      why ?? (leaders.length === 0 ? 'Patroni has no leader at the moment.' : `Its members do not agree who leads: ${leaders.join(', ')}.`)
    return { found: 'blocked', because, ...(intended === null ? {} : { isPassing: true as const }) }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    const { place } = leaderOf(facts)
    note('command', `POST /switchover ${JSON.stringify(bodyOf(facts))}`)
    const request = { dataDirectory: place.address.dataDirectory, method: 'POST', path: '/switchover', body: bodyOf(facts) } as const
    const { status, text } = await ports.act.hosts.askPatroni(place.address.host, request, { timeoutMs: askTimeoutMs, signal })
    note(status === 200 ? 'info' : 'warning', `Patroni: ${status} ${text}`)
    if (status === 200) return
    // 503 may come from a switchover that is still under way; a 4xx never began.
    if (status >= 500) throw new Fault('shell.timeout', { because: `Patroni answered ${status}: ${text}` })
    throw new Fault('shell.failed', { because: `Patroni refused it with ${status}: ${text}`, isOver: true })
  },
  timeoutMs: askTimeoutMs + 30_000,
  ending: { final: 'The leader key has been handed over: switch over again to go back.' },
})

/** Nobody is left behind unseen: a member that does not come back is what a person must know of. */
export const allFollow = (): Effect<PatroniFacts, null, null> => ({
  title: 'Wait until every member follows',
  preview: (facts) => ({
    sentence: `Wait until ${leaderOf(facts).place.title} and the others run as replicas of ${candidateOf(facts).place.title}.`,
    commands: ['GET /cluster'],
  }),
  isRedone: () => true,
  check: async (facts, ports, { signal }) => {
    const { members, leaders } = await view(facts, ports, signal)
    const waited = expectedOf(facts)
    const isLed = leaders.length === 1 && leaders[0] === candidateOf(facts).name
    const isFollowed = members.filter(({ name }) => waited.includes(name)).every((one) => !leads(one) && isWell(one))
    const areThere = waited.every((name) => members.some((one) => one.name === name))
    return isLed && isFollowed && areThere ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, pause }) => {
    const waited = expectedOf(facts)
    for (;;) {
      const { members } = await view(facts, ports.read, signal)
      const late = waited.filter((name) => !members.some((one) => one.name === name && !leads(one) && isWell(one)))
      if (late.length === 0) return
      signal.throwIfAborted()
      await pause(lookEveryMs)
    }
  },
  timeoutMs: followTimeoutMs,
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
})

/** The old leader, and those that were well before. */
const expectedOf = (facts: PatroniFacts): string[] =>
  facts.members.filter((one) => one.name !== candidateOf(facts).name && (leads(one) || isWell(one))).map(({ name }) => name)
