import { maskStatement } from '@/lib/domain/reader/mask-statement'
import type { LogEntry, LogFormat, LogSeen } from '@/lib/domain/server-log/entry'
import { parseLog } from '@/lib/domain/server-log/parse'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress, ServerLogRead } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { entriesMax, serverLogScript } from './server-log-script'

const debianPlaces = ({ profile, major, clusterName }: InstanceAddress): [string, string] =>
  profile.startsWith('debian') && major !== null
    ? [`/etc/postgresql/${major}/${clusterName}`, `/var/log/postgresql/postgresql-${major}-${clusterName}.log`]
    : ['', '']

const masked = (entry: LogEntry): LogEntry => ({
  ...entry,
  text: maskStatement(entry.text),
  more: entry.more.map(({ kind, text }) => ({ kind, text: maskStatement(text) })),
})

const parse = (stdout: string): LogSeen => {
  const end = stdout.indexOf('\n\n')
  const head = Object.fromEntries(
    stdout
      .slice(0, end)
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const [pieces, last = ''] = stdout.slice(end + 2).split('\x02')
  const entries = pieces!
    .split('\x01\n')
    .toReversed()
    .flatMap((piece) => parseLog(piece, head.format as LogFormat, head.prefix || null))
  const [, searched = '0', more = '1'] = /^searched=(\d+) more=(\d)/.exec(last) ?? []
  return {
    file: head.file!,
    sizeBytes: Number(head.size),
    writtenAt: new Date(Number(head.written) * 1000).toISOString(),
    entries: entries.slice(-entriesMax).map(masked),
    hasMore: more !== '0' || entries.length > entriesMax,
    searchedBytes: Number(searched),
  }
}

export const makeServerLog = (ssh: Ssh): ServerLogRead => ({
  look: async (instance, { words, level, isDeep }, options) => {
    const { host, dataDirectory, binDirectory, major } = instance
    const values = [dataDirectory, ...debianPlaces(instance), binDirectory ?? '', major ?? '', words, level, isDeep ? 'deep' : 'tail']
    const result = await ssh.exec(host, ['sh', '-c', serverLogScript, 'sh', ...values], options)
    if (result.exitCode !== 0)
      throw new Fault('shell.failed', {
        isOver: true,
        host: host.hostname,
        exitCode: result.exitCode,
        because: `On ${host.hostname} ${result.stderr.trim().split('\n').at(-1) || `reading the log ended with ${result.exitCode}`}`,
      })
    return parse(result.stdout)
  },
})
