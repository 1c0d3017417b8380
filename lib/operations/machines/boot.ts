import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { Effect, Facts, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, HostAddress, MachinePlace, ReadPorts } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { sayDeed } from '../resize/become'

/** What is rebooted; without a machine the host does it itself. */
export type Booted = { title: string; host: Plain<HostAddress>; machine: Plain<MachinePlace> | null; places: Place[] }

type Before = { boot: string }

const readTimeoutMs = 15_000
const askTimeoutMs = 30_000
const lookEveryMs = 2_000
/** AWS makes a machine reboot hard that has not within four minutes; before that nobody is asked again. Source: EC2 User Guide, reboot. */
const againAfterMs = 300_000
const timeoutMs = 1_200_000

const own = ['sudo', '-n', 'systemctl', 'reboot']

/** Another one after each boot; null: the host does not answer. A host in a container has the boot id of its kernel, and a first process of its own. */
export const bootOf = async (ports: ReadPorts, host: HostAddress, signal: AbortSignal): Promise<string | null> => {
  try {
    const argv = ['cat', '/proc/sys/kernel/random/boot_id', '/proc/1/stat']
    const { exitCode, stdout } = await ports.hosts.read(host, argv, { timeoutMs: readTimeoutMs, signal })
    if (exitCode !== 0) throw new Fault('step.unknown', { because: `${host.hostname} does not say when it booted.` })
    const [id = '', first = ''] = stdout.trim().split('\n')
    // Fields after the name of the command, which may hold spaces: the 20th of them is when it started.
    const started = first.slice(first.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return `${id} ${started}`.trim()
  } catch (error) {
    if (signal.aborted || !isFault(error) || !['shell.unreachable', 'shell.timeout', 'shell.denied'].includes(error.code)) throw error
    return null
  }
}

/** Reboots a host on which nothing takes writes, and waits until it answers as booted anew. */
export const rebootHost = <F extends Facts>(of: (facts: F) => Booted): Effect<F, Before, { boot: string }> => ({
  title: 'Reboot the host',
  preview: (facts) => {
    const { title, machine } = of(facts)
    return {
      sentence: `Reboot ${title}, and wait until it answers with another boot id.`,
      commands: [machine === null ? own.join(' ') : sayDeed(machine, { does: 'reboot' })],
    }
  },
  check: async (facts, ports, { signal, intended }) => {
    const { title, host } = of(facts)
    const boot = await bootOf(ports, host, signal)
    if (intended === null)
      return boot === null ? { found: 'blocked', because: `${title} does not answer` } : { found: 'ready', before: { boot } }
    if (boot !== null && boot !== intended.before.boot) return { found: 'done', output: { boot } }
    return { found: 'ready', before: intended.before, ...(boot === null ? { partly: `${title} does not answer` } : {}) }
  },
  run: async (facts, { boot }, ports, context) => {
    let askedAtMs = Number((context.marked as Json as { askedAtMs?: number } | null)?.askedAtMs ?? Number.NEGATIVE_INFINITY)
    for (;;) {
      const now = await bootOf(ports.read, of(facts).host, context.signal)
      if (now !== null && now !== boot) return { boot: now }
      const atMs = ports.read.now().getTime()
      if (now !== null && atMs - askedAtMs > againAfterMs) {
        await mustNotWrite(of(facts).places, ports, context)
        await context.mark({ askedAtMs: atMs })
        askedAtMs = atMs
        await ask(of(facts), ports, context)
      }
      await context.pause(lookEveryMs)
      if (context.signal.aborted)
        throw new Fault('step.unknown', {
          because: `${of(facts).title} ${now === null ? 'does not answer' : 'has not rebooted'} since it was told to.`,
        })
    }
  },
  timeoutMs,
  ending: { final: 'A reboot is over once the host is back.', harmless: true },
})

/** Somebody may have started and promoted one meanwhile. */
const mustNotWrite = async (places: readonly Place[], ports: ActPorts, { signal }: RunContext): Promise<void> => {
  for (const place of places) {
    const { role, state } = await ports.read.postgres.probe(place.address, { timeoutMs: probeTimeoutMs, signal })
    if (role === 'primary' && state !== 'stopped' && state !== 'crashed')
      throw new Fault('step.blocked', { because: `${place.title} takes writes by now, so its host is not rebooted`, isOver: true })
  }
}

/** An answer that is lost may have been done: the boot id shows. A refusal is thrown. */
const ask = async ({ host, machine }: Booted, ports: ActPorts, context: RunContext): Promise<void> => {
  const options = { timeoutMs: askTimeoutMs, signal: context.signal }
  try {
    if (machine !== null) {
      context.note('command', sayDeed(machine, { does: 'reboot' }))
      return await ports.act.cloud.act(machine, { does: 'reboot' }, options)
    }
    context.note('command', own.join(' '))
    const { exitCode, stderr } = await ports.act.hosts.run(host, own, options)
    if (exitCode !== 0 && exitCode !== null)
      throw new Fault('step.blocked', {
        because: `${host.hostname} refused to reboot: ${stderr.trim() || `exit code ${exitCode}`}`,
        isOver: true,
      })
  } catch (error) {
    const isOpen = isFault(error) && ['cloud.unreachable', 'cloud.wrong-state', 'shell.timeout', 'shell.unreachable'].includes(error.code)
    if (!isOpen || context.signal.aborted) throw error
    context.note('warning', error.message)
  }
}
