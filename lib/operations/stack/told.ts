import type { StackFile } from '@/lib/domain/stack/stack-file'
import type { BuildFacts } from './facts'

/** As a plan shows them: each file with its whole text, secrets by their names; of a cluster that stands, only what differs. */
export const fileCommands = ({ declared, drift }: BuildFacts, server: string, files: readonly StackFile[]): string[] => {
  if (!declared.isBuilt)
    return files.map(({ path, mode, owner, text }) => `${server}: write ${path} (${mode}, ${owner})\n${text.trimEnd()}`)
  const differing = drift.filter((one) => one.server === server && files.some(({ path }) => path === one.path))
  return differing.map(({ path, lines }) => `${server}: change ${path}\n${lines.join('\n')}`)
}
