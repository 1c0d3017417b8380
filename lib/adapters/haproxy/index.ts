import type { Duplex } from 'node:stream'
import { type ProxySeen, proxyInfo, proxyParts } from '@/lib/domain/managers/haproxy'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { HostAddress, ProxiesRead } from '@/lib/ports'
import type { Ssh } from '../ssh'

/**
 * For each HAProxy that runs on the host: `config=` its file, then of that file `socket=` the first runtime socket, `bind=` part and address. A worker process of
 * one that is a master has the same words: each file is told once.
 */
const findScript = String.raw`
for p in /proc/[0-9]*; do
  { read -r name <"$p/comm"; } 2>/dev/null || continue
  [ "$name" = haproxy ] || continue
  tr '\000' '\n' <"$p/cmdline" 2>/dev/null | awk 'take && /^\// { print } { take = $0 == "-f" }'
done | sort -u | while read -r file; do
  [ -r "$file" ] || { echo "config=$file"; continue; }
  echo "config=$file"
  awk '
    { sub(/[ \t]#.*/, "") }
    $1 ~ /^(global|defaults|listen|frontend|backend|userlist|peers|resolvers)$/ { part = $1; name = $2; next }
    part == "global" && $1 == "stats" && $2 == "socket" && $3 ~ /^\// && !said { print "socket=" $3; said = 1 }
    (part == "listen" || part == "frontend") && $1 == "bind" { print "bind=" name " " $2 }
  ' "$file"
done`

interface Found {
  configPath: string
  socket: string | null
  binds: Map<string, string[]>
}

export const parseFound = (output: string): Found[] => {
  const found: Found[] = []
  for (const line of output.split('\n')) {
    const [, key, value] = /^(config|socket|bind)=(.+)$/.exec(line) ?? []
    const last = found.at(-1)
    if (key === 'config') found.push({ configPath: value!, socket: null, binds: new Map() })
    else if (key === 'socket' && last) last.socket = value!
    else if (key === 'bind' && last) {
      const [name = '', address = ''] = value!.split(' ')
      last.binds.set(name, [...(last.binds.get(name) ?? []), address])
    }
  }
  return found
}

const answerMax = 4_000_000

/** One command, and everything until HAProxy closes. */
const ask = (stream: Duplex, command: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    const end = (error?: Error) => {
      signal.removeEventListener('abort', late)
      stream.destroy()
      if (error) reject(error)
      else resolve(Buffer.concat(pieces).toString('utf8'))
    }
    const late = () => end(new Fault('shell.timeout', { because: 'HAProxy’s runtime socket did not answer.' }))
    signal.addEventListener('abort', late)
    stream.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= answerMax) pieces.push(piece)
    })
    stream.once('end', () => end())
    stream.once('error', () => end(new Fault('shell.failed', { because: 'HAProxy’s runtime socket broke off.' })))
    stream.end(`${command}\n`)
  })

/** HAProxy by its runtime socket, through SSH: no port is opened, and nothing is installed. */
export const makeProxies = (ssh: Ssh): ProxiesRead => {
  const look = async (host: HostAddress, one: Found, timeoutMs: number, signal?: AbortSignal): Promise<ProxySeen> => {
    const unseen = { configPath: one.configPath, socket: one.socket, version: null, uptimeSeconds: null, parts: [] }
    const { socket } = one
    if (socket === null) return { ...unseen, state: 'no-socket' }
    const limit = AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(timeoutMs)])
    const answer = async (command: string) => ask(await ssh.forward(host, socket, { timeoutMs, signal: limit }), command, limit)
    try {
      const [info, stat] = await Promise.all([answer('show info'), answer('show stat')])
      return { ...unseen, state: 'online', ...proxyInfo(info), parts: proxyParts(stat, one.binds) }
    } catch (error) {
      if (isFault(error, 'sql.unreachable')) return { ...unseen, state: 'refused' }
      throw error
    }
  }
  return {
    look: async (host, { timeoutMs, signal }) => {
      const { stdout } = await ssh.exec(host, ['sh', '-c', findScript], { timeoutMs, ...(signal ? { signal } : {}) })
      return Promise.all(parseFound(stdout).map((one) => look(host, one, timeoutMs, signal)))
    },
  }
}
