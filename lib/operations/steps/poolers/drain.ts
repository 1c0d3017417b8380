import { formatDuration } from '@/lib/domain/values/duration'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { PoolerPlace } from '../../facts/poolers'
import { commandTimeoutMs, lookAtPooler, lookAtRunning } from './each-pooler'

/** Databases that were closed before: they stay closed when ours is undone. */
type Before = { closed: string[] }

export const closePooler = <F extends Facts>(of: (facts: F) => PoolerPlace): Effect<F, Before, null> => ({
  title: 'Close the pooler to new clients',
  preview: (facts) => ({
    sentence: `Disable every database of ${of(facts).title}: new clients are rejected, those that are connected stay.`,
    commands: ['DISABLE'],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { databases } = await lookAtRunning(ports, of(facts), signal)
    if (databases.every(({ isDisabled }) => isDisabled)) return { found: 'done', output: null }
    const closed = databases.filter(({ isDisabled }) => isDisabled).map(({ name }) => name)
    if (intended === null) return { found: 'ready', before: { closed } }
    const ours = closed.filter((name) => !intended.before.closed.includes(name))
    return { found: 'ready', before: intended.before, ...(ours.length === 0 ? {} : { partly: `${ours.join(', ')} is closed` }) }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    const { address } = of(facts)
    const { databases } = await lookAtRunning(ports.read, of(facts), signal)
    for (const { name } of databases.filter(({ isDisabled }) => !isDisabled)) {
      note('command', `DISABLE "${name}"`)
      await ports.act.poolers.disable(address, name, { timeoutMs: commandTimeoutMs, signal })
    }
  },
  timeoutMs: 60_000,
  ending: {
    undo: async (facts, { closed }, _output, ports, { signal, note }) => {
      const { databases } = await lookAtPooler(ports.read, of(facts), signal)
      for (const { name } of databases.filter((one) => one.isDisabled && !closed.includes(one.name))) {
        note('command', `ENABLE "${name}"`)
        await ports.act.poolers.enable(of(facts).address, name, { timeoutMs: commandTimeoutMs, signal })
      }
    },
    sentence: 'If the job fails later, the pooler is opened again.',
  },
})

const lookEveryMs = 1_000
const sayEveryMs = 10_000

/** Waits until the last client has left, and says how many are left and how long that takes at the pace so far. */
export const awaitClientsGone = <F extends Facts>(of: (facts: F) => PoolerPlace, waitMs: (facts: F) => number): Effect<F, null, null> => ({
  title: 'Wait until the last client has disconnected',
  preview: (facts) => ({
    sentence: `Wait up to ${formatDuration(waitMs(facts) / 1000)} until no client is connected to ${of(facts).title}; nobody is disconnected.`,
    commands: ['SHOW POOLS'],
  }),
  check: async (facts, ports, { signal }) => {
    const seen = await lookAtRunning(ports, of(facts), signal)
    return seen.clients === 0 ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, note, pause }) => {
    const startedAt = ports.read.now().getTime()
    const passed = () => ports.read.now().getTime() - startedAt
    let first: number | null = null
    for (let saidAt = -sayEveryMs; ; ) {
      const { clients } = await lookAtRunning(ports.read, of(facts), signal)
      const left = clients ?? 0
      first ??= left
      if (left === 0) return
      if (signal.aborted || passed() >= waitMs(facts))
        throw new Fault('pooler.timeout', {
          isOver: true,
          because: `${left} of ${first} clients are still connected to ${of(facts).title} after ${formatDuration(passed() / 1000)}.`,
        })
      if (passed() - saidAt >= sayEveryMs) {
        saidAt = passed()
        note(
          'info',
          `${left} of ${first} clients are left${left < first ? `, about ${formatDuration(Math.ceil((passed() * left) / (first - left) / 1000))} to go` : ''}.`,
        )
      }
      await pause(lookEveryMs)
    }
  },
  timeoutMs: (facts) => waitMs(facts) + 30_000,
  canInterrupt: true,
  ending: { final: 'Waiting changes nothing.', harmless: true },
})

export const stopPooler = <F extends Facts>(of: (facts: F) => PoolerPlace): Effect<F, null, null> => ({
  title: 'Stop PgBouncer',
  preview: (facts) => ({ sentence: `End PgBouncer on ${of(facts).address.host.hostname}.`, commands: ['SHUTDOWN'] }),
  check: async (facts, ports, { signal }) => {
    const seen = await lookAtPooler(ports, of(facts), signal)
    return seen.state === 'stopped' ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    note('command', 'SHUTDOWN')
    await ports.act.poolers.shutDown(of(facts).address, { timeoutMs: 20_000, signal })
  },
  timeoutMs: 30_000,
  ending: { final: 'The console cannot start PgBouncer: start its service on the host.' },
})
