import { type ReaderLines, readerLines } from '@/lib/domain/reader/reader-role'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { ReaderFiles, ReaderRole, ReadPorts } from '@/lib/ports'
import { commandsOf, gatherHerd, type HerdFacts, type Place, type Plain, probeTimeoutMs } from '../facts/instance'

export type AddReaderFacts = HerdFacts & {
  /** The herd's primary, where it answers; it may be the target. null: there is none, or more than one. */
  primary: Place | null
  /** As the target has it; null: none, or the target was not asked. */
  role: Plain<ReaderRole> | null
  /** null: the target was not asked. */
  files: Plain<ReaderFiles> | null
  /** The lines that let it in there. */
  lines: ReaderLines
}

export const gatherReader = async (ports: ReadPorts, context: GatherContext): Promise<AddReaderFacts> => {
  const herd = await gatherHerd(ports, context)
  const { instance, probe } = herd
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const isAsked = probe.state === 'online'
  const [primary, role, files] = await Promise.all([
    primaryOf(ports, herd),
    isAsked ? ports.readers.role(instance.address, options) : null,
    isAsked ? ports.readers.files(instance.address, options) : null,
  ])
  return { ...herd, primary, role, files, lines: readerLines(instance.address.host.user) }
}

const primaryOf = async (ports: ReadPorts, { instance, probe, others }: HerdFacts): Promise<Place | null> => {
  const leading = [{ ...probe, id: instance.id }, ...others].filter(({ state, role }) => state === 'online' && role === 'primary')
  const id = leading[0]?.id
  if (id === undefined || leading.length > 1) return null
  if (id === instance.id) return instance
  const primary = await ports.inventory.instance(id)
  return { ...primary, commands: commandsOf(ports.postgres, primary, 'fast') }
}
