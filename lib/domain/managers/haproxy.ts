/** A server of a backend as HAProxy's runtime API says. */
export interface ProxyServer {
  name: string
  address: string | null
  /** As HAProxy writes it: UP, DOWN, MAINT, DRAIN, `no check`, `UP 1/3` … */
  status: string
  sessions: number
  /** Seconds in this state. */
  since: number | null
  /** Result of the last check: `L7OK 200`, `L4CON`. */
  check: string | null
}

export interface ProxyPart {
  name: string
  /** `address:port` on which it listens, as its file says. */
  binds: readonly string[]
  status: string
  sessions: number
  servers: readonly ProxyServer[]
}

/** An HAProxy on a host. */
export interface ProxySeen {
  configPath: string
  /** null: its file names no socket. */
  socket: string | null
  state: 'online' | 'no-socket' | 'refused'
  version: string | null
  uptimeSeconds: number | null
  parts: readonly ProxyPart[]
}

/** The cells of a line of CSV as HAProxy writes it: quotes only where they are needed. */
const cells = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')

const number = (text: string | undefined): number | null => (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null)

/** What `show info` answered. */
export const proxyInfo = (text: string): { version: string | null; uptimeSeconds: number | null } => {
  const value = (key: string) => new RegExp(`^${key}: *(.*)$`, 'm').exec(text)?.[1]?.trim().slice(0, 60) ?? null
  return { version: value('Version'), uptimeSeconds: number(value('Uptime_sec') ?? undefined) }
}

/** What `show stat` answered. `binds`: those of the file, by the name of the part. Of any version: columns are found by their names. */
export const proxyParts = (text: string, binds: ReadonlyMap<string, readonly string[]>): ProxyPart[] => {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const names = cells(head.replace(/^# ?/, ''))
  const rows = lines.slice(0, 2000).map((line) => {
    const values = cells(line)
    return (name: string) => values[names.indexOf(name)] || undefined
  })
  const parts = new Map<string, { name: string; status: string; sessions: number; servers: ProxyServer[] }>()
  for (const row of rows) {
    const [name, server] = [row('pxname'), row('svname')]
    if (name === undefined || server === undefined) continue
    const part = parts.get(name) ?? { name, status: '', sessions: 0, servers: [] }
    parts.set(name, part)
    const sessions = number(row('scur')) ?? 0
    if (server === 'FRONTEND') Object.assign(part, { sessions, status: part.status || (row('status') ?? '') })
    else if (server === 'BACKEND') part.status = row('status') ?? part.status
    else
      part.servers.push({
        name: server,
        address: row('addr') ?? null,
        status: row('status') ?? '',
        sessions,
        since: number(row('lastchg')),
        check: [row('check_status'), row('check_code')].filter(Boolean).join(' ') || null,
      })
  }
  return [...parts.values()].map((one) => ({ ...one, binds: binds.get(one.name) ?? [] }))
}

/** Up, as HAProxy sends clients there. */
export const isServed = ({ status }: Pick<ProxyServer, 'status'>): boolean => /^(UP|no check)/.test(status)
