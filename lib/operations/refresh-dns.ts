import { z } from 'zod'
import { sameRecords, sayRecords } from '@/lib/domain/dns/records'
import { wantedRecords } from '@/lib/domain/dns/wanted'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { InventoryInstance, InventoryName, Probe, ReadPorts } from '@/lib/ports'
import { type Plain, probeTimeoutMs } from './facts/instance'
import { askTimeoutMs, gatherMove, isServing, type NameMove, ownRecords } from './facts/names'
import { moveNames } from './steps/dns/move-name'
import { watchResolvers } from './steps/dns/watch-resolvers'

type Seen = { title: string; role: Probe['role']; state: Probe['state'] }
type ServerSays = { server: string; says: string; isServing: boolean }
type RefreshFacts = {
  name: Plain<InventoryName>
  members: Seen[]
  /** What to do; empty when what the name should be is not known, and `problem` says why. */
  moves: NameMove[]
  problem: string | null
  servers: ServerSays[]
}

export const refreshDns = defineOperation({
  name: 'refresh-dns',
  on: 'name',
  role: 'dba',
  title: 'Refresh the DNS name',
  verb: 'Refresh',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Compares the DNS record with what it should be for the members as they are now, and repairs it: with one update, and only if the record is still what the plan saw.',
    'The result is verified on every authoritative server; then the resolvers are watched until the old answer has expired. A correct record is left alone.',
  ],
  gather: async (ports, _input, { targetId, signal }): Promise<RefreshFacts> => {
    const name = await ports.inventory.name(targetId)
    const members = await lookAtMembers(ports, name.herdId, signal)
    const wanted = wantedRecords(name, members)
    const facts = { name, members: members.map(({ title, role, state }) => ({ title, role, state })) }
    if ('because' in wanted) return { ...facts, moves: [], problem: wanted.because, servers: [] }
    const [move, servers] = await Promise.all([gatherMove(ports, name, wanted.records, signal), serversSay(ports, name, signal)])
    return { ...facts, moves: [move], problem: null, servers }
  },
  about: ({ name }) => ({ title: name.title, environmentId: name.environmentId, herdId: name.herdId, serverId: null }),
  firm: ({ name, moves, problem }) => ({ name, moves, problem }),
  managed: { harmless: 'It acts on DNS alone, and follows whoever is primary.' },
  locks: ({ name }) => [`herd:${name.herdId}`],
  now: ({ name, moves, servers, members }) => [
    { label: 'DNS says', value: moves[0]?.now ? sayRecords(moves[0].now) : 'not seen' },
    { label: 'It should be', value: moves[0] ? sayRecords(moves[0].next) : 'not known' },
    ...servers.map(({ server, says }) => ({ label: server, value: says })),
    { label: `Members of ${name.herdName}`, value: members.map((one) => `${one.title}: ${one.role}, ${one.state}`).join('; ') },
  ],
  affected: ({ name, moves }) =>
    moves.some(({ now, next }) => now !== null && !sameRecords(now, next))
      ? [{ kind: 'names', count: 1, sentence: `New connections to ${name.title} go elsewhere once resolvers forget the old answer.` }]
      : [],
})
  .gate('wanted', 'The expected record is known', ({ problem }) => (problem === null ? pass : refuse(`Not known: ${problem}.`)))
  .gate('seen', 'The zone can be read', ({ moves }) => (moves[0]?.unseen ? refuse(moves[0].unseen) : pass))
  .gate('members', 'Every member is seen', ({ members, name }) => unseenMembers(members, name))
  .gate('servers', 'Every authoritative server answers', ({ servers }) => silentServers(servers))
  .effect(
    'move-name',
    moveNames((facts) => facts.moves, stillWanted, {
      stays: { final: 'The record stays as repaired; refresh it again when the herd has changed.', harmless: true },
    }),
  )
  .effect(
    'watch-resolvers',
    watchResolvers((facts) => facts.moves),
  )
  .build()

const lookAtMembers = async (ports: ReadPorts, herdId: string, signal: AbortSignal) =>
  Promise.all((await ports.inventory.herdInstances(herdId)).map((one) => seen(ports, one, signal)))

/** A function, since the operation above is built before this line is reached. */
async function stillWanted({ name, moves }: RefreshFacts, ports: ReadPorts, signal: AbortSignal): Promise<string | null> {
  const wanted = wantedRecords(name, await lookAtMembers(ports, name.herdId, signal))
  if ('because' in wanted) return `What ${name.title} should be is not known any more: ${wanted.because}`
  return sameRecords(wanted.records, moves[0]?.next ?? [])
    ? null
    : `${name.title} should be ${sayRecords(wanted.records)} by now: the herd has changed`
}

const seen = async (ports: ReadPorts, { title, address }: InventoryInstance, signal: AbortSignal) => {
  const { role, state } = await ports.postgres.probe(address, { timeoutMs: probeTimeoutMs, signal })
  return { title, hostname: address.host.hostname, address: address.host.address, role, state, isOnline: state === 'online' }
}

/** What cannot be asked is a gate's matter, not a fault. */
const serversSay = async (ports: ReadPorts, name: InventoryName, signal: AbortSignal): Promise<ServerSays[]> => {
  try {
    const answers = await ports.names.authoritative(name.zone, name.title, { timeoutMs: askTimeoutMs, signal })
    const types = ['A', 'AAAA', 'CNAME'] as const
    return answers.map((answer) => ({
      server: answer.server,
      says: isServing(answer) ? sayRecords(ownRecords({ name: name.title, types: [...types] }, answer.records)) : answer.code,
      isServing: isServing(answer),
    }))
  } catch (error) {
    signal.throwIfAborted()
    return [{ server: 'the authoritative servers', says: error instanceof Error ? error.message : String(error), isServing: false }]
  }
}

const unseenMembers = (members: readonly Seen[], name: Plain<InventoryName>): Verdict => {
  const unseen = members
    .filter(({ state }) => state === 'unreachable' || state === 'unknown' || state === 'refused')
    .map(({ title }) => title)
  if (unseen.length === 0) return pass
  const what =
    name.follows === 'primary' ? 'if one of them is a primary too, the name may point to the wrong one' : 'the name is made without them'
  return warn(`${counted(unseen.length, 'member')} cannot be seen (${unseen.join(', ')}): ${what}.`)
}

const silentServers = (servers: readonly ServerSays[]): Verdict => {
  const silent = servers.filter((one) => !one.isServing)
  return silent.length === 0
    ? pass
    : warn(`${silent.map(({ server, says }) => `${server}: ${says}`).join('; ')}. What they will say cannot be proven.`)
}
