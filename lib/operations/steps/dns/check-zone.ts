import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { InventoryZone, ZoneCheckStep } from '@/lib/ports'
import type { Plain } from '../../facts/instance'

type Output = { steps: Plain<ZoneCheckStep[]> }

const checkTimeoutMs = 30_000

/** The step-by-step check of a zone. A step that fails fails the job, so that it shows among many. */
export const checkZone = <F extends Facts>(of: (facts: F) => Plain<InventoryZone>): Effect<F, null, Output> => ({
  title: 'Check the zone',
  preview: (facts) => ({
    sentence: `Ask the primary server of ${of(facts).title}, prove its key with an update that changes nothing, and ask every authoritative server and resolver.`,
    commands: [],
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note }) => {
    const onStep = (step: ZoneCheckStep) =>
      note(step.verdict === 'fail' || step.verdict === 'warn' ? 'warning' : 'info', `${step.title}: ${step.verdict}. ${step.because}`)
    const steps = await ports.read.names.check(of(facts).address, { timeoutMs: checkTimeoutMs, signal, onStep })
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
