import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, MachinePlace } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { sayDeed } from '../resize/become'
import { type MachineFacts, placesOf } from './facts'

type Before = { state: string }
type Output = { state: string }
type Wanted = 'running' | 'stopped'

const lookTimeoutMs = 15_000
const askTimeoutMs = 30_000
const lookEveryMs = 2_000
const timeoutMs = 1_200_000

const deeds = { running: { does: 'start' }, stopped: { does: 'stop' } } as const

/** Asks until it is so, whatever was lost on the way. Throws what EC2 refuses, and `step.unknown` at the deadline. */
export const steer = async (
  machine: MachinePlace,
  wanted: Wanted,
  ports: ActPorts,
  context: StepContext,
  before: () => Promise<void> = async () => {},
): Promise<void> => {
  let state = 'not seen'
  for (;;) {
    try {
      state = (await ports.read.cloud.machine(machine, { timeoutMs: lookTimeoutMs, signal: context.signal })).state
      if (state === wanted) return
      if (state === 'terminated' || state === 'shutting-down')
        throw new Fault('step.blocked', { because: `${machine.instanceId} is ${state}`, isOver: true })
      if (state === (wanted === 'running' ? 'stopped' : 'running')) {
        await before()
        context.note('command', sayDeed(machine, deeds[wanted]))
        await ports.act.cloud.act(machine, deeds[wanted], { timeoutMs: askTimeoutMs, signal: context.signal })
      }
    } catch (error) {
      const isOpen = isFault(error) && (error.code === 'cloud.unreachable' || error.code === 'cloud.wrong-state')
      if (!isOpen || context.signal.aborted) throw error
      context.note('warning', error.message)
    }
    if (context.signal.aborted) throw new Fault('step.unknown', { because: `${machine.instanceId} is ${state}, and is to be ${wanted}` })
    await context.pause(lookEveryMs)
  }
}

/** Somebody may have started and promoted one meanwhile. */
const mustNotWrite = async (facts: MachineFacts, ports: ActPorts, { signal }: StepContext): Promise<void> => {
  for (const place of placesOf(facts)) {
    const { role, state } = await ports.read.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })
    if (role === 'primary' && state !== 'stopped' && state !== 'crashed')
      throw new Fault('step.blocked', { because: `${place.title} takes writes by now, so its machine is not stopped`, isOver: true })
  }
}

const untilAnswering = async (facts: MachineFacts, ports: ActPorts, context: StepContext): Promise<void> => {
  const [place] = placesOf(facts)
  if (place === undefined) return
  for (;;) {
    const { state, because } = await ports.read.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
    if (state !== 'unreachable') return
    if (context.signal.aborted)
      throw new Fault('step.unknown', { because: `the machine runs, and its host does not answer: ${because ?? 'no reason given'}` })
    await context.pause(lookEveryMs)
  }
}

const check =
  (wanted: Wanted): Effect<MachineFacts, Before, Output>['check'] =>
  async ({ machine }, ports, { signal, intended }) => {
    const { state } = await ports.cloud.machine(machine, { timeoutMs: lookTimeoutMs, signal })
    if (state === wanted) return { found: 'done', output: { state } }
    const isAgain = intended !== null && state !== intended.before.state
    return { found: 'ready', before: intended?.before ?? { state }, ...(isAgain ? { partly: `the machine is ${state}` } : {}) }
  }

const name = ({ machine }: MachineFacts) => `${machine.title} (${machine.instanceId})`

export const stopMachine = (): Effect<MachineFacts, Before, Output> => ({
  title: 'Stop the machine',
  preview: (facts) => ({
    sentence: `Stop ${name(facts)}, and wait until EC2 says that it is stopped. It costs its volumes alone from then on.`,
    commands: [sayDeed(facts.machine, deeds.stopped)],
  }),
  check: check('stopped'),
  run: (facts, _before, ports, context) => steer(facts.machine, 'stopped', ports, context, () => mustNotWrite(facts, ports, context)),
  timeoutMs,
  ending: {
    undo: async (facts, _before, _output, ports, context) => {
      await steer(facts.machine, 'running', ports, context)
      await untilAnswering(facts, ports, context)
    },
    sentence: 'If the job fails later, the machine is started again.',
    timeoutMs,
  },
})

export const startMachine = (): Effect<MachineFacts, Before, Output> => ({
  title: 'Start the machine',
  preview: (facts) => ({
    sentence: `Start ${name(facts)}, and wait until its host answers.`,
    commands: [sayDeed(facts.machine, deeds.running)],
  }),
  check: check('running'),
  run: async (facts, _before, ports, context) => {
    await steer(facts.machine, 'running', ports, context)
    await untilAnswering(facts, ports, context)
  },
  timeoutMs,
  ending: { final: 'The machine stays started: what is wrong on it can be seen there.', harmless: true },
})
