import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import { become, type Course, nothingRefused, refusedIn, sayDeed } from './become'
import { type ResizeFacts, wantedTypes } from './facts'

type Before = { type: string }
type Output = { type: string }

/** Stopping and starting takes a minute or two; a type without capacity and a throttled account take longer. */
const machineTimeoutMs = 1_200_000
const lookTimeoutMs = 15_000

const courseOf = (facts: ResizeFacts, goals: readonly string[], lastResort: readonly string[], mayStopUnseen: boolean): Course => ({
  machine: facts.machine!,
  place: facts.instance,
  goals,
  lastResort,
  mayStopUnseen,
})

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
        sentence: `Stop ${name}, make it ${types[0]}${others}${back}, start it, and wait until its host answers.`,
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
      const became = await become(courseOf(facts, goals, [type], false), refused, ports, context, async (now) => {
        refused = now
        await context.mark(now)
      })
      if (!goals.includes(became))
        throw new Fault('step.blocked', { because: `The machine runs as ${became} again: ${refused.because}`, isOver: true })
    },
    timeoutMs: machineTimeoutMs,
    ending: {
      undo: async (facts, { type }, _output, ports, context) => {
        const course = courseOf(facts, [type], wantedTypes(facts), true)
        const became = await become(course, nothingRefused, ports, context, async () => {})
        if (became !== type) context.note('warning', `The machine stays ${became}: ${type} cannot be had at the moment.`)
      },
      sentence: 'If the job fails later, the machine becomes what it was, and runs.',
      timeoutMs: machineTimeoutMs,
    },
  }) satisfies Effect<ResizeFacts, Before, Output>
