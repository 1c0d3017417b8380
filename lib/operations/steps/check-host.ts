import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { HostCheckStep, InventoryServer } from '@/lib/ports'
import type { Plain } from '../facts/instance'

type Output = { steps: Plain<HostCheckStep[]> }

const checkTimeoutMs = 60_000

/** The step-by-step check of a server. A step that fails fails the job, so that it shows among many. */
export const checkHost = <F extends Facts>(of: (facts: F) => Plain<InventoryServer>): Effect<F, null, Output> => ({
  title: 'Check the server',
  preview: (facts) => ({
    sentence: `Reach ${of(facts).title} over SSH and look at its key, login, PostgreSQL programs, clusters, disk and clock.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note }) => {
    const { address, profile } = of(facts)
    const onStep = (step: HostCheckStep) =>
      note(step.verdict === 'fail' || step.verdict === 'warn' ? 'warning' : 'info', `${step.title}: ${step.verdict}. ${step.because}`)
    const steps = await ports.read.hosts.check(address, { timeoutMs: checkTimeoutMs, signal, profile, onStep })
    const failed = steps.filter((step) => step.verdict === 'fail')
    if (failed.length > 0)
      throw new Fault('step.blocked', { because: failed.map((step) => `${step.title}: ${step.because}`).join(' '), isOver: true })
    return { steps }
  },
  timeoutMs: checkTimeoutMs + 10_000,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'The check changes nothing.', harmless: true },
})
