import { beforePackages, packagesOf } from '@/lib/domain/stack/files'
import type { Stack, StackServer } from '@/lib/domain/stack/stack'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { readyWith } from './begun'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'
import { fileCommands } from './told'

const installTimeoutMs = 15 * 60_000
const actTimeoutMs = 60_000

type Before = { server: string; hasFile: boolean; packages: string[] }[]

const needsFile = ({ parts }: StackServer): boolean => parts.includes('postgres')
/** What was there before stays; curl and a client are of use to others. */
const mayStay = (name: string): boolean => name === 'curl'

export const installPackages = (): Effect<BuildFacts, Before, null> => {
  const missing = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<Before> => {
    const stack = stackIn(facts)
    const lacking = await Promise.all(
      stack.servers.map(async (server) => {
        const packages = packagesOf(stack, server)
        const files = needsFile(server) ? [beforePackages] : []
        const what = { files, programs: packages.map(({ program }) => program) }
        const seen = await ports.stacks.look(addressOf(facts, server.name), facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
        return {
          server: server.name,
          hasFile: seen.files.every(({ state }) => state === 'same'),
          packages: packages.filter(({ program }) => !seen.programs.includes(program)).map(({ name }) => name),
        }
      }),
    )
    return lacking.filter(({ hasFile, packages }) => !hasFile || packages.length > 0)
  }
  return {
    title: 'Install packages',
    preview: (facts) => {
      const stack = stackIn(facts)
      return {
        sentence:
          'Install what each server needs from its package sources. No daemon is started yet, and no cluster of Debian’s own is created.',
        commands: stack.servers.flatMap((server) => [
          ...(needsFile(server) ? fileCommands(facts, server.name, [beforePackages]) : []),
          `${server.name}: apt-get install --no-install-recommends ${namesOf(stack, server).join(' ')}`,
        ]),
      }
    },
    check: async (facts, ports, context) => {
      const before = await missing(facts, ports, context.signal)
      return before.length === 0 ? { found: 'done', output: null } : readyWith(before, context)
    },
    run: async (facts, _before, ports, { signal }) => {
      const lacking = await missing(facts, ports.read, signal)
      await Promise.all(
        lacking.map(async ({ server, hasFile, packages }) => {
          const host = addressOf(facts, server)
          if (!hasFile) await ports.act.stacks.put(host, facts.declared.id, [beforePackages], { timeoutMs: actTimeoutMs, signal })
          if (packages.length > 0) await ports.act.stacks.install(host, packages, { timeoutMs: installTimeoutMs, signal })
        }),
      )
    },
    timeoutMs: installTimeoutMs + actTimeoutMs,
    canInterrupt: true,
    ending: {
      undo: async (facts, before, _output, ports, { signal }) => {
        await Promise.all(
          before.map(async ({ server, hasFile, packages }) => {
            const host = addressOf(facts, server)
            const ours = packages.filter((name) => !mayStay(name))
            if (ours.length > 0) await ports.act.stacks.purge(host, ours, { timeoutMs: installTimeoutMs, signal })
            if (!hasFile) await ports.act.stacks.takeBack(host, facts.declared.id, [beforePackages], { timeoutMs: actTimeoutMs, signal })
          }),
        )
      },
      sentence: 'Purge the packages that were not there before, but curl.',
      timeoutMs: installTimeoutMs,
    },
  }
}

const namesOf = (stack: Stack, server: StackServer): string[] => packagesOf(stack, server).map(({ name }) => name)
