/** A tool that an archive command shows, and how it is asked for its backups: program and arguments. */
export type BackupTool =
  | { tool: 'pgBackRest' | 'WAL-G' | 'Barman'; argv: readonly string[] }
  /** It can only be asked elsewhere. */
  | { tool: 'Barman'; argv: null; where: string }

/** Older than any that a person would restore: no backup at all. */
export const neverHours = 24 * 3650

/** Words that a shell would take as they stand; anything else is not run. */
const plainWord = /^[\w@%+=:,./-]+$/
/** What only root can put there. */
const rootsOwn = /^(\/(usr|opt|bin)\/[\w@%+=:,./-]+|[\w-]+)$/
const nameOf = (path: string): string => path.split('/').at(-1)!

/**
 * The tool that archives WAL by this command, from its own words: what is run is program, stanza, configuration and nothing that a shell would read
 * otherwise. null: no tool that is known.
 */
export const backupToolOf = (archiveCommand: string): BackupTool | null => {
  const words = archiveCommand
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
  const at = words.findIndex((word) => /^(pgbackrest|wal-g|barman-wal-archive|barman-cloud-wal-archive)$/.test(nameOf(word)))
  const program = words[at]
  if (program === undefined || !rootsOwn.test(program) || program.includes('..')) return null
  const rest = words.slice(at + 1)
  if (nameOf(program) === 'pgbackrest') {
    const kept = rest.filter(
      (word) => /^--(stanza|config|config-path|config-include-path|repo1?-path|repo)=/.test(word) && plainWord.test(word),
    )
    return { tool: 'pgBackRest', argv: [program, ...kept, 'info', '--output=json'] }
  }
  if (nameOf(program) === 'wal-g') {
    const before = words.slice(0, at)
    const isWrapped =
      before.length === 2 && nameOf(before[0]!) === 'envdir' && rootsOwn.test(before[0]!) && before.every((word) => plainWord.test(word))
    if (before.length > 0 && !isWrapped) return null
    const config = rest.indexOf('--config')
    const file = config < 0 ? undefined : rest[config + 1]
    const kept = file !== undefined && plainWord.test(file) ? ['--config', file] : []
    return { tool: 'WAL-G', argv: [...before, program, 'backup-list', '--detail', '--json', ...kept] }
  }
  const operands = rest.filter((word) => !word.startsWith('-') && !word.includes('%') && plainWord.test(word))
  const [place = '', server = ''] = operands.slice(-2)
  if (nameOf(program) === 'barman-cloud-wal-archive')
    return { tool: 'Barman', argv: [program.replace(/wal-archive$/, 'backup-list'), '--format', 'json', place, server] }
  if (place === 'localhost')
    return { tool: 'Barman', argv: [program.replace(/barman-wal-archive$/, 'barman'), '--format', 'json', 'list-backup', server] }
  return { tool: 'Barman', argv: null, where: place }
}

interface BackRest {
  name?: string
  status?: { message?: string }
  backup?: { error?: boolean | null; label: string; timestamp: { stop: number } }[]
}
type WalG = { backup_name: string; finish_time?: string; time?: string }[]
interface BarmanCloud {
  backups_list: { backup_id: string; end_time: string | null; status?: string }[]
}
type BarmanList = Record<string, { backup_id: string; end_time_timestamp?: string | number; status: string }[]>

/** The newest backup that ended well. Seconds since 1970; null: there is none. Throws what is no answer of that tool. */
export const latestBackup = (tool: BackupTool['tool'], answer: string): { label: string; endedAt: number } | null => {
  const read = JSON.parse(answer.trim() === '' ? '[]' : answer)
  const all: { label: string; endedAt: number }[] =
    tool === 'pgBackRest'
      ? (read as BackRest[]).flatMap(({ backup = [] }) =>
          backup.filter(({ error }) => error !== true).map(({ label, timestamp }) => ({ label, endedAt: timestamp.stop })),
        )
      : tool === 'WAL-G'
        ? (read as WalG).map((one) => ({ label: one.backup_name, endedAt: Date.parse(one.finish_time ?? one.time ?? '') / 1000 }))
        : 'backups_list' in read
          ? (read as BarmanCloud).backups_list
              .filter(({ status, end_time }) => (status ?? 'DONE') === 'DONE' && end_time !== null)
              .map((one) => ({ label: one.backup_id, endedAt: Date.parse(one.end_time!) / 1000 }))
          : Object.values(read as BarmanList)
              .flat()
              .filter(({ status }) => status === 'DONE')
              .map((one) => ({ label: one.backup_id, endedAt: Number(one.end_time_timestamp ?? Number.NaN) }))
  if (all.some(({ endedAt }) => !Number.isFinite(endedAt))) throw new TypeError('a backup without its end')
  return all.sort((a, b) => b.endedAt - a.endedAt)[0] ?? null
}
