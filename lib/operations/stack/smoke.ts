import { partFiles, unitOf } from '@/lib/domain/stack/files'
import { type StackServer, serversWith } from '@/lib/domain/stack/stack'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { proxyDoors, writeDoors } from './doors'
import { addressOf, type BuildFacts, stackIn } from './facts'
import { clusterNow, isGood, leads, primaryNow, restUrlOf } from './members'

const stepTimeoutMs = 60_000
const switchTimeoutMs = 90_000
const lookEveryMs = 300
/** To a standby, and from there once more: with two members, back. */
const switchovers = 2
const table = 'matriarch_smoke'
/** The mark of a test that came to its end. */
const isOver = 'over'

/** A commit waits for a standby from now on, and one is named: what is promised to applications is seen before they come. */
export const seeSynchronous = (): Effect<BuildFacts, null, null> => ({
  title: 'Wait for a synchronous standby',
  preview: () => ({
    sentence: 'Wait until Patroni names a standby that commits wait for.',
    commands: ['GET /cluster: a member with the role sync_standby'],
  }),
  check: async (facts, ports, { signal }) =>
    (await isSynchronous(facts, ports, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => untilSynchronous(facts, ports, context),
  timeoutMs: 90_000,
  canInterrupt: true,
  ending: { undo: async () => {}, sentence: 'It only looks.' },
})

const isSynchronous = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> =>
  (await clusterNow(facts, ports, signal))?.members.some(({ role }) => role === 'sync_standby') === true

const untilSynchronous = async (facts: BuildFacts, ports: ActPorts, context: RunContext): Promise<null> => {
  while (!(await isSynchronous(facts, ports.read, context.signal))) await context.pauseUnlessCancelled(lookEveryMs)
  return null
}

/** Before applications come: what they will do, and what may happen to them, is done once. */
export const smokeTest = (): Effect<BuildFacts, null, null> => ({
  title: 'Smoke test: write, read, switch over and back',
  preview: (facts) => {
    const [first, second] = serversWith(stackIn(facts), 'postgres')
    const doors = writeDoors(facts, first!).map(({ door }) => door.title)
    const to = isSynchronousOnly(facts) ? 'the synchronous standby' : second!.name
    return {
      sentence: `Write through every door (${doors.join('; ')}), read through every port for reads, switch over to ${to}, write again, switch over once more, write again.`,
      commands: [
        `create table ${table} (key text primary key)`,
        `POST /switchover ${JSON.stringify({ leader: first!.name, candidate: to })}`,
        `POST /switchover ${JSON.stringify({ leader: to, candidate: isSynchronousOnly(facts) ? to : first!.name })}`,
        `drop table ${table}`,
      ],
    }
  },
  check: async (_facts, _ports, { mark }) => (mark === isOver ? { found: 'done', output: null } : { found: 'ready', before: null }),
  run: async (facts, _before, ports, context) => {
    const { port } = stackIn(facts).postgres
    const sql = async (text: string) => {
      const primary = await mustLead(facts, ports, context.signal)
      const at = { port, database: stackIn(facts).database.name }
      await ports.act.stacks.sql(addressOf(facts, primary.name), facts.declared.id, at, text, {
        timeoutMs: stepTimeoutMs,
        signal: context.signal,
      })
    }
    const owner = stackIn(facts).database.users[0]!
    await sql(`create table if not exists ${table} (key text primary key); alter table ${table} owner to ${owner};`)
    let primary = await mustLead(facts, ports, context.signal)
    for (let round = 0; round <= switchovers; round++) {
      if (round > 0) primary = await switchOver(facts, ports, primary, context)
      await pointPoolers(facts, ports, primary, context)
      await goThrough(facts, ports, primary, `${context.jobId} on ${primary.name} ${round}`, context)
    }
    await sql(`drop table if exists ${table};`)
    // Patroni names another one a loop after the last switchover: the cluster is handed over as it was promised.
    if (stackIn(facts).postgres.synchronous !== 'off') await untilSynchronous(facts, ports, context)
    await context.mark(isOver)
  },
  timeoutMs: 8 * 60_000,
  canInterrupt: true,
  ending: { undo: async () => {}, sentence: 'Its table goes with the data directories of the cluster.' },
})

const mustLead = async (facts: BuildFacts, ports: ActPorts, signal: AbortSignal): Promise<StackServer> => {
  const primary = await primaryNow(facts, ports.read, signal)
  if (primary === null) throw new Fault('shell.failed', { because: 'Patroni has no leader that runs.', isOver: true })
  return primary
}

/** In synchronous mode Patroni hands over to a synchronous standby alone, and chooses which of several is one. */
const isSynchronousOnly = (facts: BuildFacts): boolean => stackIn(facts).postgres.synchronous !== 'off'

/** Waits for a standby that may lead: Patroni names a synchronous one a loop after it streams. */
const untilCandidate = async (facts: BuildFacts, ports: ActPorts, context: RunContext): Promise<StackServer> => {
  const { servers } = stackIn(facts)
  for (;;) {
    const members = (await clusterNow(facts, ports.read, context.signal))?.members ?? []
    const found = members.find((one) => !leads(one) && isGood(one) && (!isSynchronousOnly(facts) || one.role === 'sync_standby'))
    const server = servers.find(({ name }) => name === found?.name)
    if (server !== undefined) return server
    await context.pauseUnlessCancelled(lookEveryMs)
  }
}

/** What Patroni answers is no proof: that everybody is well under the new leader is. */
const switchOver = async (facts: BuildFacts, ports: ActPorts, leader: StackServer, context: RunContext): Promise<StackServer> => {
  const { signal } = context
  const server = await untilCandidate(facts, ports, context)
  const hasMoved = async () => {
    const members = (await clusterNow(facts, ports.read, signal))?.members ?? []
    return (
      members.length === serversWith(stackIn(facts), 'postgres').length &&
      members.every(isGood) &&
      members.some((one) => one.name === server.name && leads(one))
    )
  }
  context.note('command', `POST /switchover ${JSON.stringify({ leader: leader.name, candidate: server.name })}`)
  const at = { url: restUrlOf(facts, leader), leader: leader.name, candidate: server.name }
  await ports.act.stacks.switchover(addressOf(facts, leader.name), facts.declared.id, at, { timeoutMs: switchTimeoutMs, signal })
  while (!(await hasMoved())) await context.pauseUnlessCancelled(lookEveryMs)
  return server
}

const pointPoolers = async (facts: BuildFacts, ports: ActPorts, primary: StackServer, { signal }: RunContext): Promise<void> => {
  const stack = stackIn(facts)
  const options = { timeoutMs: stepTimeoutMs, signal }
  await Promise.all(
    serversWith(stack, 'pooler').map(async (server) => {
      const host = addressOf(facts, server.name)
      await ports.act.stacks.put(host, facts.declared.id, partFiles(stack, server, 'pooler', primary), { ...options, isAgain: true })
      await ports.act.stacks.unit(host, unitOf.pooler, 'reload', options)
    }),
  )
}

/** A proxy needs a moment to see who leads. */
const goThrough = async (facts: BuildFacts, ports: ActPorts, primary: StackServer, key: string, context: RunContext): Promise<void> => {
  const { signal } = context
  const options = { timeoutMs: stepTimeoutMs, signal }
  const reads = serversWith(stackIn(facts), 'proxy').map((server) => ({ server, ...proxyDoors(facts, server)[1]! }))
  const writes = writeDoors(facts, primary).map(({ server, door }) => ({ server, door, wanted: 'primary' as const }))
  for (const { server, door, wanted } of [...writes, ...reads]) {
    const host = addressOf(facts, server.name)
    const answers = () => ports.read.stacks.door(host, facts.declared.id, door, options)
    while ((await answers()) !== wanted) await context.pauseUnlessCancelled(lookEveryMs)
    if (wanted === 'primary') await ports.act.stacks.write(host, facts.declared.id, door, `${key} ${door.title}`, options)
    context.note('info', `${door.title}: ${wanted === 'primary' ? 'a row was written' : 'a standby answered'}.`)
  }
}
