import { counted } from '@/lib/domain/values/counted'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { become, type Course, nothingRefused, refusedIn, sayDeed } from './become'
import { type ResizeFacts, wantedTypes } from './facts'
import type { ResizeInput } from './input'

type Before = { type: string }
type Output = { type: string }

/** Stopping and starting takes a minute or two; a type without capacity and a throttled account take longer. */
const machineTimeoutMs = 1_200_000
const lookTimeoutMs = 15_000

const courseOf = (facts: ResizeFacts, own: Pick<Course, 'goals' | 'lastResort' | 'patienceMs' | 'mayStopUnseen'>): Course => ({
  machine: facts.machine!,
  place: facts.instance,
  standIns: facts.standIns,
  ...own,
})

export const sayStandIns = (
  { standIns }: Pick<ResizeFacts, 'standIns'>,
  { patienceMinutes }: Pick<ResizeInput, 'patienceMinutes'>,
): string =>
  standIns.length === 0
    ? ''
    : ` If EC2 has none of them for ${counted(patienceMinutes, 'minute')}, it becomes the first of ${standIns.join(', ')} that can be had, and the job says so.`

/**
 * Stop, change and start as one effect, so that a driver that finds it half done completes it. Where none of the wanted types can be had the machine runs
 * again as what it was, and the step fails.
 */
export const changeMachine = () =>
  ({
    title: 'Change the machine',
    preview: (facts) => {
      const { machine, now } = facts
      const types = wantedTypes(facts)
      const name = machine === null ? 'the machine' : `${machine.title} (${machine.instanceId})`
      const others = types.length > 1 ? `, else ${types.slice(1).join(', ')}` : ''
      const back = now === null ? '' : `, else ${now.type} again`
      return {
        sentence: `Stop ${name}, make it ${types[0]}${others}${back}, start it, and wait until its host answers.${sayStandIns(facts, facts.input)}`,
        commands:
          machine === null
            ? []
            : [
                sayDeed(machine, { does: 'stop' }),
                sayDeed(machine, { does: 'set-type', type: types[0]! }),
                sayDeed(machine, { does: 'start' }),
              ],
      }
    },
    check: async (facts, ports, { signal, intended }) => {
      const now = await ports.cloud.machine(facts.machine!, { timeoutMs: lookTimeoutMs, signal })
      const isRunning = now.state === 'running'
      if (intended === null)
        return isRunning ? { found: 'ready', before: { type: now.type } } : { found: 'blocked', because: `the machine is ${now.state}` }
      if (isRunning && wantedTypes(facts).includes(now.type)) return { found: 'done', output: { type: now.type } }
      if (isRunning && now.type === intended.before.type) return { found: 'ready', before: intended.before }
      const byHand =
        now.state === 'stopped'
          ? `; resumed, the job asks for all its types again; by hand: ${sayDeed(facts.machine!, { does: 'start' })}`
          : ''
      return { found: 'ready', before: intended.before, partly: `the machine is ${now.state}, ${now.type}${byHand}` }
    },
    run: async (facts, { type }, ports, context) => {
      const goals = wantedTypes(facts)
      let refused = refusedIn(context.marked)
      const course = courseOf(facts, { goals, lastResort: [type], patienceMs: facts.input.patienceMinutes * 60_000, mayStopUnseen: false })
      const became = await become(course, refused, ports, context, async (now) => {
        refused = now
        await context.mark(now)
      })
      if (goals.includes(became)) return
      const runs = became === type ? `${became} again` : `${became}, for EC2 had neither ${goals.join(', ')} nor ${type}`
      throw new Fault('step.blocked', { because: `The machine runs as ${runs}: ${refused.because}`, isOver: true })
    },
    timeoutMs: machineTimeoutMs,
    ending: {
      undo: async (facts, { type }, _output, ports, context) => {
        const standIn = await runningStandIn(facts, ports, context)
        const course = courseOf(facts, { goals: [type], lastResort: wantedTypes(facts), patienceMs: 0, mayStopUnseen: true })
        const became = standIn ?? (await become(course, nothingRefused, ports, context, async () => {}))
        if (became !== type) context.note('warning', `The machine stays ${became}: ${type} cannot be had at the moment.`)
      },
      sentence: 'If the job fails later, the machine becomes what it was, and runs.',
      timeoutMs: machineTimeoutMs,
    },
  }) satisfies Effect<ResizeFacts, Before, Output>

/** One that runs is not stopped once more to ask for what could not be had. null: it runs as none, or its host does not answer. */
const runningStandIn = async (facts: ResizeFacts, ports: ActPorts, { signal }: StepContext): Promise<string | null> => {
  const { state, type } = await ports.read.cloud.machine(facts.machine!, { timeoutMs: lookTimeoutMs, signal })
  if (state !== 'running' || !facts.standIns.includes(type)) return null
  const probe = await ports.read.postgres.probe(facts.instance.address, { timeoutMs: probeTimeoutMs, signal })
  return probe.state === 'unreachable' ? null : type
}
