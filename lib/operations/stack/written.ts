import type { StackFile } from '@/lib/domain/stack/stack-file'
import type { ActPorts, HostAddress, StackHostSeen } from '@/lib/ports'
import { lookTimeoutMs } from './facts'

/** Files that a step is to write, each with the sum of what was there before it. */
export type FilesBefore = { path: string; sum: string }[]

export const filesToWrite = ({ files }: Pick<StackHostSeen, 'files'>): FilesBefore =>
  files.filter(({ state }) => state !== 'same').map(({ path, sum }) => ({ path, sum }))

/** Restores those that were written; one that still is what it was before was never written. `files`: all that may have been. */
export const takeBackWritten = async (
  ports: ActPorts,
  host: HostAddress,
  stackId: string,
  files: readonly StackFile[],
  before: FilesBefore,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<void> => {
  const wanted = before.flatMap(({ path }) => files.find((file) => file.path === path) ?? [])
  const seen = await ports.read.stacks.look(host, stackId, { files: wanted }, { ...options, timeoutMs: lookTimeoutMs })
  const touched = before.filter(({ path, sum }) => seen.files.find((one) => one.path === path)?.sum !== sum).map(({ path }) => path)
  const written = files.filter(({ path }) => touched.includes(path))
  if (written.length > 0) await ports.act.stacks.takeBack(host, stackId, written, options)
}
