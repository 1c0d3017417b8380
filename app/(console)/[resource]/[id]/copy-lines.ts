import { doorDsn, inAddress, type LaunchedDoor } from '@/lib/domain/blueprints/door'
import { quoteShell } from '@/lib/domain/values/shell-quote'
import type { Json } from '@/lib/kernel/ground/json'

export interface CopyLine {
  label: string
  text: string
}
type Values = Readonly<Record<string, Json | undefined>>

const asText = (value: Json | undefined): string | null => (value === null || value === undefined || value === '' ? null : String(value))
const line = (label: string, text: string | null): CopyLine[] => (text === null ? [] : [{ label, text }])

const ssh = (server: Values): string | null => {
  const address = asText(server.address) ?? asText(server.hostname)
  if (address === null) return null
  const port = asText(server.sshPort)
  return quoteShell(['ssh', ...(port && port !== '22' ? ['-p', port] : []), `${asText(server.sshUser) ?? 'postgres'}@${address}`])
}

const database = (host: string | null, port: string | null): CopyLine[] =>
  host === null || port === null
    ? []
    : [
        { label: 'DSN', text: `postgresql://${inAddress(host)}:${port}/postgres` },
        { label: 'psql', text: quoteShell(['psql', '--host', host, '--port', port, '--dbname', 'postgres']) },
      ]

/** No password is ever among the lines. */
export const serverLines = (values: Values): CopyLine[] => [
  ...line('Host name', asText(values.hostname)),
  ...line('Address', asText(values.address)),
  ...line('ssh', ssh(values)),
  ...line('Host key', asText(values.hostKey)),
]

/** `server` is the instance's host, null where it may not be seen. */
export const instanceLines = (values: Values, server: Values | null): CopyLine[] => {
  const host = server && (asText(server.address) ?? asText(server.hostname))
  return [
    ...line('Host', server && asText(server.hostname)),
    ...database(host, asText(values.port)),
    ...line('ssh', server && ssh(server)),
    ...line('Data directory', asText(values.dataDirectory)),
    ...line('LSN', asText(values.currentLsn) ?? asText(values.replayedLsn)),
  ]
}

export const launchedLines = (door: LaunchedDoor | null): CopyLine[] => {
  const dsn = door && doorDsn(door)
  if (!dsn) return []
  return [
    { label: 'Clients connect to', text: dsn },
    { label: 'psql', text: quoteShell(['psql', dsn]) },
  ]
}

export const herdLines = (values: Values): CopyLine[] => [
  ...database(asText(values.virtualHost), asText(values.port)),
  ...line('System identifier', asText(values.systemIdentifier)),
]
