import { partFiles, unitOf } from '@/lib/domain/stack/files'
import { directoryOf, type Stack, type StackPart, type StackServer, serversWith } from '@/lib/domain/stack/stack'
import type { StackFile } from '@/lib/domain/stack/stack-file'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CheckContext, Effect, RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { readyWith } from './begun'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'
import { primaryNow } from './members'
import { fileCommands } from './told'
import { type FilesBefore, filesToWrite, takeBackWritten } from './written'

const actTimeoutMs = 60_000
const stopTimeoutMs = 120_000
const lookEveryMs = 500

/** What of a part a server has not, and so is ours once it has. */
export type PartBefore = { server: string; files: FilesBefore; isStopped: boolean; directory: string | null }[]

export interface PartSpec {
  part: StackPart
  title: string
  sentence: (servers: readonly StackServer[]) => string
  /** Those of its servers that are set up in this step. */
  among?: (servers: readonly StackServer[]) => readonly StackServer[]
  /** null: it does what it is there for. Else what is missing, in words. */
  whyNotUp: (facts: BuildFacts, ports: ReadPorts, servers: readonly StackServer[], signal: AbortSignal) => Promise<string | null>
  timeoutMs: number
}

/** Files, the unit, and waiting until it is up: of one part, on each of its servers. */
export const setUp = ({
  part,
  title,
  sentence,
  among = (all) => all,
  whyNotUp,
  timeoutMs,
}: PartSpec): Effect<BuildFacts, PartBefore, null> => {
  const unit = unitOf[part]
  const serversIn = (facts: BuildFacts) => among(serversWith(stackIn(facts), part))
  const primaryFor = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<StackServer> =>
    (part === 'pooler' ? await primaryNow(facts, ports, signal) : null) ?? serversWith(stackIn(facts), 'postgres')[0]!
  const missing = async (facts: BuildFacts, ports: ReadPorts, primary: StackServer, signal: AbortSignal): Promise<PartBefore> => {
    const stack = stackIn(facts)
    const directory = directoryOf(stack, part)
    const lacking = await Promise.all(
      serversIn(facts).map(async (server) => {
        const what = {
          files: partFiles(stack, server, part, primary),
          units: [unit],
          directories: directory === null ? [] : [directory],
        }
        const seen = await ports.stacks.look(addressOf(facts, server.name), facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
        const files = filesToWrite(seen)
        const isStopped = !seen.units.some(({ isActive, isEnabled }) => isActive && isEnabled)
        const own = seen.directories.some(({ state }) => state !== 'taken') ? directory : null
        return { server: server.name, files, isStopped, directory: own }
      }),
    )
    return lacking.filter(({ files, isStopped }) => files.length > 0 || isStopped)
  }
  return {
    title,
    preview: (facts) => {
      const stack = stackIn(facts)
      const primary = serversWith(stack, 'postgres')[0]!
      const servers = serversIn(facts)
      return {
        sentence: sentence(servers),
        commands: servers.flatMap((server) => {
          const files = fileCommands(facts, server.name, partFiles(stack, server, part, primary))
          const seen = facts.hosts.find(({ name }) => name === server.name)?.seen?.units
          if (!seen?.some(({ name, isActive, isEnabled }) => name === unit && isActive && isEnabled))
            return [...files, `${server.name}: systemctl enable ${unit}; systemctl start ${unit}`]
          return files.length === 0 ? [] : [...files, `${server.name}: systemctl ${part === 'etcd' ? 'restart' : 'reload'} ${unit}`]
        }),
      }
    },
    check: async (facts, ports, context: CheckContext<PartBefore>) => {
      const { signal } = context
      const before = await missing(facts, ports, await primaryFor(facts, ports, signal), signal)
      if (before.length > 0) return readyWith(before, context)
      const why = await whyNotUp(facts, ports, serversIn(facts), signal)
      return why === null ? { found: 'done', output: null } : readyWith([], context)
    },
    run: async (facts, _before, ports, context) => {
      const primary = await primaryFor(facts, ports.read, context.signal)
      const lacking = await missing(facts, ports.read, primary, context.signal)
      const one = async ({ server, files, isStopped }: PartBefore[number]) => {
        const own = serversIn(facts).find(({ name }) => name === server)!
        const host = addressOf(facts, server)
        const options = { timeoutMs: actTimeoutMs, signal: context.signal }
        if (files.length > 0) await ports.act.stacks.put(host, facts.declared.id, partFiles(stackIn(facts), own, part, primary), options)
        if (isStopped) return ports.act.stacks.unit(host, unit, 'start', options)
        await ports.act.stacks.unit(host, unit, part === 'etcd' ? 'restart' : 'reload', options)
      }
      const running = lacking.filter(({ isStopped }) => !isStopped)
      // A primary lets new members in before they come.
      if (part === 'postgres') for (const each of running) await one(each)
      await Promise.all(lacking.filter(({ isStopped }) => isStopped).map(one))
      // Others that run already take their new files one after the other.
      for (const each of part === 'postgres' ? [] : running) {
        await one(each)
        await untilUp(facts, ports, context)
      }
      await untilUp(facts, ports, context)
    },
    timeoutMs,
    canInterrupt: true,
    ending: {
      undo: (facts, before, _output, ports, context) => undo(facts, before, ports, context),
      sentence: `Stop ${unit} where it was started, restore its files as they were, and remove the directories that it made.`,
      timeoutMs: stopTimeoutMs + actTimeoutMs,
    },
  }

  async function untilUp(facts: BuildFacts, ports: ActPorts, { signal, pauseUnlessCancelled }: RunContext): Promise<void> {
    for (;;) {
      const why = await whyNotUp(facts, ports.read, serversIn(facts), signal)
      if (why === null) return
      if (signal.aborted) throw new Fault('shell.timeout', { because: why })
      await pauseUnlessCancelled(lookEveryMs)
    }
  }

  /** The reverse on each server; a unit that ran before reads its earlier files again. */
  async function undo(facts: BuildFacts, before: PartBefore, ports: ActPorts, { signal }: StepContext): Promise<void> {
    const stack = stackIn(facts)
    await Promise.all(
      before.map(async ({ server, files, isStopped, directory }) => {
        const host = addressOf(facts, server)
        const own = serversWith(stack, part).find(({ name }) => name === server)!
        const options = { timeoutMs: actTimeoutMs, signal }
        if (isStopped) await ports.act.stacks.unit(host, unit, 'stop', { timeoutMs: stopTimeoutMs, signal })
        await takeBackWritten(ports, host, facts.declared.id, asAnybodyLeads(stack, own, part), files, options)
        if (!isStopped) await ports.act.stacks.unit(host, unit, part === 'etcd' ? 'restart' : 'reload', options)
        if (isStopped && directory !== null) await ports.act.stacks.clear(host, directory, options)
      }),
    )
  }
}

/** A pooler's file as it is whoever is primary. */
const asAnybodyLeads = (stack: Stack, server: StackServer, part: StackPart): StackFile[] => {
  const files = serversWith(stack, 'postgres').flatMap((primary) => partFiles(stack, server, part, primary))
  return [...new Map(files.map((file) => [`${file.path} ${file.text}`, file])).values()]
}
