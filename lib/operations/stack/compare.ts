import { driftOf, type StackDrift } from '@/lib/domain/stack/drift'
import { certificateFiles, partFiles } from '@/lib/domain/stack/files'
import { serversWith } from '@/lib/domain/stack/stack'
import type { ReadPorts } from '@/lib/ports'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from './facts'
import { primaryNow } from './members'

/** Every managed file of every server against what is declared. A pooler's is as it should be when it points to the primary of this moment. */
export const compare = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<StackDrift[]> => {
  const stack = stackIn(facts)
  const primary = (await primaryNow(facts, ports, signal)) ?? serversWith(stack, 'postgres')[0]!
  const options = { timeoutMs: lookTimeoutMs, signal }
  const found = await Promise.all(
    stack.servers.map(async (server) => {
      const files = [...certificateFiles(server), ...server.parts.flatMap((part) => partFiles(stack, server, part, primary))]
      const host = addressOf(facts, server.name)
      const seen = await ports.stacks.look(host, facts.declared.id, { files }, options)
      const other = files.filter(({ path }) => seen.files.some((one) => one.path === path && one.state !== 'same'))
      return Promise.all(
        other.map(async (file) => driftOf(server.name, file, await ports.stacks.text(host, facts.declared.id, file.path, options))),
      )
    }),
  )
  return found.flat()
}
