import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import { leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { movesTo, type NameMove } from '../../facts/names'
import { moveNames } from '../../steps/dns/move-name'
import { startPostgres } from '../../steps/postgres/start'
import { addressOf, hostOf, type LaunchFacts, machineNow, memberName } from '../facts'
import { mustRun } from '../trust'
import { placedOn, primaryOf, type ReplaceFacts } from './facts'

const actTimeoutMs = 20_000

/** A step of a launch that is taken after the old machine went, and so stays. */
export const stays = <Before extends Json, Output extends Json>(
  effect: Effect<LaunchFacts, Before, Output>,
): Effect<LaunchFacts, Before, Output> => ({ ...effect, ending: { final: 'It stays with the new machine.', harmless: true } })

const start = startPostgres<ReplaceFacts>(primaryOf)

/** Never beside another writer: every member is looked at right before. */
export const startOnNew = (): typeof start => ({
  ...start,
  title: 'Start PostgreSQL on the new machine',
  check: async (facts, ports, context) => {
    const machine = await machineNow(facts, ports, context.signal)
    if (machine === null || hostOf(facts, machine).hostKey === null || context.intended === null)
      return { found: 'ready', before: { expects: 'primary' } }
    return start.check({ ...facts, primary: placedOn(facts, machine) }, ports, context)
  },
  run: async (facts, before, ports, context) => {
    const machine = await mustRun(facts, ports, context.signal)
    await start.run({ ...facts, primary: placedOn(facts, machine) }, before, ports, context)
  },
  ending: { final: 'It takes writes on the new machine.', harmless: true },
})

/** Instance and server stay who they are. */
export const rehost = (): Effect<ReplaceFacts, null, null> => ({
  title: 'Move the registration',
  preview: (facts) => ({
    sentence: `From now on the server ${memberName(facts)} is the new machine: its address, its pinned host key and its zone. ${facts.primary?.title ?? 'The instance'} stays who it is.`,
    commands: [],
  }),
  check: async (facts, ports, { signal }) => {
    const machine = await machineNow(facts, ports, signal)
    if (machine === null) return { found: 'ready', before: null }
    const { address } = await ports.inventory.instance(facts.ids.instance)
    const { address: wanted, hostKey } = hostOf(facts, machine)
    return address.host.address === wanted && address.host.hostKey === hostKey
      ? { found: 'done', output: null }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, jobId }) => {
    const machine = await mustRun(facts, ports, signal)
    const { hostKey } = hostOf(facts, machine)
    const address = addressOf(facts, machine)
    if (hostKey === null || address === null)
      throw new Fault('step.blocked', { because: 'the new host has no address and key yet', isOver: true })
    const members = [{ serverId: facts.ids.server, machineId: machine.id, address, hostKey, zone: machine.zone }]
    await ports.act.inventory.moveMembers(
      { blueprintId: facts.launch.id, herdId: facts.ids.herd, jobId, members },
      { timeoutMs: actTimeoutMs, signal },
    )
  },
  timeoutMs: actTimeoutMs + 10_000,
  ending: { final: 'The server is the new machine.', harmless: true },
})

type Moved = { moves: NameMove[] }

const names = moveNames<Moved>(
  ({ moves }) => moves,
  async () => null,
)

/** As the registration has it by now: which address the new machine has is known once it runs. */
const movesNow = async ({ ids, others }: ReplaceFacts, ports: ReadPorts, signal: AbortSignal): Promise<Moved> => {
  const members = await ports.inventory.herdInstances(ids.herd)
  const own = members.find(({ id }) => id === ids.instance)!
  const standbys = members.filter(({ id }) => others.some((one) => one.id === id && one.state === 'online'))
  const wanted = await movesTo(ports, ids.herd, own, standbys, signal)
  return { moves: [...wanted.names.moves, ...wanted.readers.moves] }
}

export const pointNames = (): Effect<ReplaceFacts, Parameters<typeof names.run>[1], Json> => ({
  title: 'Point DNS names at the new machine',
  preview: (facts) => ({
    sentence:
      facts.names.length === 0
        ? 'No DNS name holds its address.'
        : `Change ${facts.names.join(', ')} to the address of the new machine, and prove it on every authoritative server.`,
    commands: [],
  }),
  check: async (facts, ports, context) => {
    if (facts.names.length === 0) return leaveOut(notNeeded('No DNS name holds its address.'))
    const machine = await machineNow(facts, ports, context.signal)
    if (machine === null) return { found: 'ready', before: { was: [] } }
    return names.check(await movesNow(facts, ports, context.signal), ports, context)
  },
  run: async (facts, before, ports, context) => {
    await names.run(await movesNow(facts, ports.read, context.signal), before, ports, context)
  },
  timeoutMs: 300_000,
  ending: { final: 'The names stay with the new machine.', harmless: true },
})
