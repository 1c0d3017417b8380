import { hostKeyOn } from '@/lib/domain/blueprints/launch/host-key'
import { hostKeyTag } from '@/lib/domain/blueprints/launch/tags'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, LaunchedMachine } from '@/lib/ports'
import { cloudTimeoutMs, hostOf, type LaunchFacts, lookTimeoutMs, machineNow, placeIn } from './facts'

const lookEveryMs = 3_000
/** EC2 shows a console some minutes after the boot. */
const timeoutMs = 10 * 60_000

/** No key is taken on trust from whoever answers at the address: the machine itself says its own, through EC2. */
export const trustHost = (): Effect<LaunchFacts, null, { hostKey: string }> => ({
  title: 'Pin the host key',
  preview: () => ({
    sentence:
      'Read the fingerprint of the host’s key from the machine’s console, through EC2; tag the machine with it; and log in to a host that shows that key alone.',
    commands: ['ec2:GetConsoleOutput', `ec2:CreateTags ${hostKeyTag}=SHA256:…`, 'ssh postgres@… true'],
  }),
  check: async (facts, ports, { signal }) => {
    const machine = await machineNow(facts, ports, signal)
    const hostKey = machine?.tags[hostKeyTag]
    if (machine === null || hostKey === undefined) return { found: 'ready', before: null }
    return (await whyNotIn(facts, machine, ports, signal)) === null
      ? { found: 'done', output: { hostKey } }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const { signal } = context
    let because = 'the machine has written nothing on its console yet'
    for (;;) {
      try {
        const machine = await mustRun(facts, ports, signal)
        if (machine.tags[hostKeyTag] === undefined) await tagWithKey(facts, machine, ports, context)
        else {
          const why = await whyNotIn(facts, machine, ports.read, signal)
          if (why === null) return
          because = why
        }
      } catch (error) {
        if (!isFault(error, 'cloud.unreachable') || signal.aborted) throw error
        context.note('warning', error.message)
      }
      if (signal.aborted) throw new Fault('step.unknown', { because })
      await context.pauseUnlessCancelled(lookEveryMs)
    }
  },
  timeoutMs,
  canInterrupt: true,
  ending: { undo: async () => {}, sentence: 'The tag goes with the machine.' },
})

const tagWithKey = async (facts: LaunchFacts, { id }: LaunchedMachine, ports: ActPorts, context: RunContext): Promise<void> => {
  const options = { timeoutMs: cloudTimeoutMs, signal: context.signal }
  const text = await ports.read.cloud.console(placeIn(facts), id, options)
  const hostKey = text === null ? null : hostKeyOn(text)
  if (hostKey === null) return
  context.note('info', `${id} says on its console that its key is ${hostKey}.`)
  await ports.act.cloud.tag(placeIn(facts), [id], { [hostKeyTag]: hostKey }, options)
}

/** null: it let the console in. Another key than the machine’s own is no reason to wait. */
const whyNotIn = async (
  facts: LaunchFacts,
  machine: LaunchedMachine,
  ports: ActPorts['read'],
  signal: AbortSignal,
): Promise<string | null> => {
  try {
    await ports.hosts.read(hostOf(facts, machine), ['true'], { timeoutMs: lookTimeoutMs, signal })
    return null
  } catch (error) {
    if (!isFault(error) || error.code === 'shell.host-key-changed' || signal.aborted) throw error
    return error.message
  }
}

/** The machine of this launch. Throws `step.blocked` where EC2 took it back. */
export const mustRun = async (facts: LaunchFacts, ports: ActPorts, signal: AbortSignal): Promise<LaunchedMachine> => {
  const machine = await machineNow(facts, ports.read, signal)
  if (machine === null) throw new Fault('step.blocked', { because: 'the machine is not there any more: EC2 took it back', isOver: true })
  return machine
}
