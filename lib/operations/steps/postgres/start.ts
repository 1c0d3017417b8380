import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Probe } from '@/lib/ports'
import type { Place } from '../../facts/instance'
import { followOutput, lookAt, takeDown } from './server'
import { mustWriteAlone } from './write-alone'

type Before = { expects: Probe['role'] }
type Output = { role: Probe['role']; startedAt: string | null; pid: number | null }

const startTimeoutMs = 300_000

/** Starts a stopped server and proves that it accepts connections, as the primary or standby that its data directory makes it. */
export const startPostgres = <F extends Facts>(of: (facts: F) => Place): Effect<F, Before, Output> => ({
  title: 'Start PostgreSQL',
  preview: (facts) => ({ sentence: `Start ${of(facts).title} and wait until it accepts connections.`, commands: of(facts).commands.start }),
  check: async (facts, ports, { signal, intended }) => {
    const probe = await lookAt(ports, of(facts), signal)
    switch (probe.state) {
      case 'online':
        if (intended !== null && intended.before.expects !== 'unknown' && probe.role !== intended.before.expects)
          return { found: 'blocked', because: `it came up as ${probe.role}, although its data directory said ${intended.before.expects}` }
        return { found: 'done', output: { role: probe.role, startedAt: probe.postmasterStartedAt, pid: probe.postmasterPid } }
      case 'stopped':
      case 'crashed':
        return { found: 'ready', before: { expects: expectedRole(probe) } }
      case 'starting':
        return { found: 'blocked', because: 'it is still starting', isPassing: true }
      case 'absent':
        return { found: 'blocked', because: probe.because ?? 'there is no data directory' }
      default:
        return { found: 'blocked', because: probe.because ?? `it is ${probe.state}` }
    }
  },
  run: async (facts, _before, ports, context) => {
    const place = of(facts)
    if ((await lookAt(ports.read, place, context.signal)).hasStandbySignal !== true)
      await mustWriteAlone({ place, isForward: true }, ports.read, context)
    await ports.act.postgres.start(place.address, { timeoutMs: startTimeoutMs, ...followOutput(context, place.commands.start) })
  },
  timeoutMs: startTimeoutMs + 10_000,
  ending: {
    undo: (facts, _before, _output, ports, context) => takeDown(of(facts), ports, context),
    sentence: 'If the job fails later, the server is stopped again.',
    timeoutMs: 120_000,
  },
})

const expectedRole = (probe: Probe): Probe['role'] =>
  probe.hasStandbySignal === null ? 'unknown' : probe.hasStandbySignal ? 'standby' : 'primary'
