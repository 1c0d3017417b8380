import { Fault } from '@/lib/kernel/ground/errors'
import { notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { mustStill, stillNoPrimary } from '../steps/postgres/still'
import { callsTimeoutMs, haveEnded, runCalls, type ScriptCall, sayCall } from '../steps/scripts/run-calls'
import { orNotSaid } from './become'
import type { ResizeFacts } from './facts'
import { hookCalls, moveCalls, type Outcome, returningHooks, scriptAddress, someStay } from './scripts'

type Scripted = Effect<ResizeFacts, null, null>

/** Longer than all that an undo runs takes; each script has its own deadline. */
const undoTimeoutMs = 7_200_000
const onlineMs = 180_000
const lookEveryMs = 1_000

/** Nothing shows what a script has done. The journal says which have ended; one that was begun when its worker died is run again. */
const checkOf =
  (callsOf: (facts: ResizeFacts) => readonly ScriptCall[]): Scripted['check'] =>
  async (facts, _ports, { intended, mark }) => {
    const keys = callsOf(facts).map(({ key }) => key)
    if (intended !== null && haveEnded(keys, mark)) return { found: 'done', output: null }
    return { found: 'ready', before: null }
  }

const runsHooks = (title: string, moment: 'before-stop' | 'after-return', about: string): Omit<Scripted, 'ending'> => {
  const calls = (facts: ResizeFacts, jobId = '') => hookCalls(facts, moment, jobId, moment === 'before-stop' ? 'under-way' : 'done')
  return {
    title,
    preview: (facts) => ({
      sentence: `Run ${calls(facts).map(sayOne).join(', then ')} on the worker, ${about}.`,
      commands: calls(facts).map(sayCall),
    }),
    check: checkOf((facts) => calls(facts)),
    run: async (facts, _before, ports, context) => runCalls(calls(facts, context.jobId), ports, context),
    timeoutMs: (facts) => callsTimeoutMs(calls(facts)),
  }
}

const sayOne = ({ hook }: ScriptCall): string =>
  `${hook.title} (at most ${hook.timeoutSeconds} s; a failure ${hook.onFailure === 'stop' ? 'stops the job' : 'is noted'})`

/** What they began ends with those of the return, also where the job fails. */
export const beforeStop: Scripted = {
  ...runsHooks('Run the hooks before the stop', 'before-stop', 'before anything stops'),
  ending: {
    undo: async (facts, _before, _output, ports, context) => {
      await runCalls(hookCalls(facts, 'after-return', context.jobId, 'undone'), ports, context)
    },
    sentence: 'If the job fails later, the hooks of its return run once it is as it was, with MATRIARCH_OUTCOME=undone.',
    timeoutMs: undoTimeoutMs,
  },
}

export const afterReturn: Scripted = {
  ...runsHooks('Run the hooks after the return', 'after-return', 'once it has caught up'),
  ending: { final: 'Nothing undoes what a hook did; where the job fails later, the hooks of the return run again.', harmless: true },
}

export const hasHooks = (moment: 'before-stop' | 'after-return'): When<ResizeFacts> => ({
  when: (facts) => hookCalls(facts, moment, '', 'under-way').length > 0,
  otherwise: notNeeded('No hook is set for it.'),
})

const away = (facts: ResizeFacts, jobId: string, outcome: Outcome = 'under-way'): ScriptCall[] =>
  moveCalls(facts, 'SCALE_DOWN', facts.scripts.address ?? '', { jobId, outcome })

/** A stopped server is given no clients, and its address may be another one by now. */
const back = async (facts: ResizeFacts, ports: ActPorts, context: StepContext, outcome: Outcome): Promise<ScriptCall[]> => {
  if (returningHooks(facts, outcome).length === 0) return []
  const { machine, instance } = facts
  const endsAt = ports.read.now().getTime() + onlineMs
  for (;;) {
    const { state, because } = await ports.read.postgres.probe(instance.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
    const isOnline = state === 'online'
    const address = isOnline ? await orNotSaid(() => scriptAddress(ports.read, machine, instance, context.signal), context) : null
    if (address !== null)
      return moveCalls(facts, 'SCALE_UP', address, { jobId: context.jobId, outcome, hooks: returningHooks(facts, outcome) })
    if (context.signal.aborted || ports.read.now().getTime() >= endsAt)
      throw new Fault('step.blocked', {
        because: isOnline
          ? `The cloud does not say the address of ${instance.title}, so its clients are not moved back to it.`
          : `${instance.title} is ${state}${because === null ? '' : ` (${because})`}, so its clients are not moved back to it.`,
        isOver: true,
      })
    await context.pause(lookEveryMs)
  }
}

const mustStillLead = async ({ scripts }: ResizeFacts, ports: ActPorts, { signal }: StepContext): Promise<void> => {
  const { member } = scripts.primary!
  const { role, state } = await ports.read.postgres.probe(member.address, { timeoutMs: probeTimeoutMs, signal })
  if (role !== 'primary' || state !== 'online')
    throw new Fault('step.blocked', {
      because: `${member.title} is ${role === 'primary' ? state : 'no longer the primary'}, so no clients are moved there.`,
      isOver: true,
    })
}

const namesOf = ({ scripts }: ResizeFacts): string => scripts.entries.map(({ dnsName }) => dnsName).join(', ')

export const moveAway: Scripted = {
  title: 'Move clients away by script',
  preview: (facts) => ({
    sentence: `Point ${namesOf(facts)} to ${facts.scripts.primary?.member.title ?? 'the primary'} by script; the script waits until the old TTL is over.`,
    commands: away(facts, '').map(sayCall),
  }),
  check: checkOf((facts) => away(facts, '')),
  run: async (facts, _before, ports, context) => {
    await mustStill(
      stillNoPrimary<ResizeFacts>(({ instance }) => instance),
      facts,
      ports.read,
      context,
      'No clients are moved away from it.',
    )
    await mustStillLead(facts, ports, context)
    await runCalls(away(facts, context.jobId), ports, context)
  },
  timeoutMs: (facts) => callsTimeoutMs(away(facts, '')),
  ending: {
    undo: async (facts, _before, _output, ports, context) => {
      if (someStay(facts, 'undone'))
        context.note('warning', 'It could not grow, so its clients stay away while it is small, as the hook says.')
      await runCalls(await back(facts, ports, context, 'undone'), ports, context)
    },
    sentence: 'If the job fails later, clients are moved back by script once it accepts connections.',
    timeoutMs: undoTimeoutMs,
  },
}

export const moveBack: Scripted = {
  title: 'Move clients back by script',
  preview: (facts) => ({
    sentence: `Point ${namesOf(facts)} to ${facts.instance.title} again by script, at the address that it has then.`,
    commands: shownBack(facts).map(sayCall),
  }),
  check: checkOf(shownBack),
  run: async (facts, _before, ports, context) => runCalls(await back(facts, ports, context, 'done'), ports, context),
  timeoutMs: (facts) => onlineMs + callsTimeoutMs(shownBack(facts)),
  ending: {
    undo: async (facts, _before, _output, ports, context) => {
      await mustStillLead(facts, ports, context)
      await runCalls(away(facts, context.jobId, 'undone'), ports, context)
    },
    sentence: 'If the job fails later, clients are moved away again before it stops.',
    timeoutMs: undoTimeoutMs,
  },
}

function shownBack(facts: ResizeFacts): ScriptCall[] {
  return moveCalls(facts, 'SCALE_UP', facts.scripts.address ?? '', { jobId: '', outcome: 'done', hooks: returningHooks(facts, 'done') })
}

const isMoved = (facts: ResizeFacts): boolean => away(facts, '').length > 0

const notMoved = ({ scripts, probe }: ResizeFacts) =>
  notNeeded(
    scripts.entries.length === 0
      ? 'No DNS entry for scripts is kept for it.'
      : probe.role === 'primary'
        ? 'It is the primary, and its clients have nowhere else to go.'
        : 'No hook moves clients.',
  )

export const movesAway: When<ResizeFacts> = { when: isMoved, otherwise: notMoved }
export const movesBack: When<ResizeFacts> = {
  when: (facts) => shownBack(facts).length > 0,
  otherwise: (facts) => (isMoved(facts) ? notNeeded('Its clients stay away while it is small, as the hook says.') : notMoved(facts)),
}
