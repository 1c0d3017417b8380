import type { StackFile } from '@/lib/domain/stack/stack-file'
import type { BuildFacts } from './facts'

/** As a plan shows them: each file with its whole text, secrets by their names; of a cluster that stands, only what differs. */
export const fileCommands = ({ declared, drift }: BuildFacts, server: string, files: readonly StackFile[]): string[] => {
  if (!declared.isBuilt) return files.map((file) => written(server, file))
  return drift
    .filter((one) => one.server === server)
    .flatMap(({ path, isAbsent, lines }) => {
      const file = files.find((one) => one.path === path)
      if (file === undefined) return []
      return [isAbsent ? written(server, file) : `${server}: change ${path}\n${lines.join('\n')}`]
    })
}

const written = (server: string, { path, mode, owner, text }: StackFile): string =>
  `${server}: write ${path} (${mode}, ${owner})\n${text.trimEnd()}`
