import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port'

export interface SyslogLine {
  priority: number
  program: string
  kind: string
  text: string
}

export interface TestSyslog {
  udpPort: number
  tcpPort: number
  /** As `/dev/log` is one. */
  socket: string
  /** What it has written so far, oldest first; waits until there are so many. */
  lines: (atLeast: number) => Promise<SyslogLine[]>
  /** Ends it; its ports then refuse. */
  stop: () => Promise<void>
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

const until = async <T>(look: () => Promise<T | null>, what: () => string): Promise<T> => {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    const found = await look()
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  throw new Error(`rsyslogd: ${what()}`)
}

/** Debian's rsyslogd as an ordinary process, on ports and a socket of its own. */
export const startSyslog = async (): Promise<TestSyslog> => {
  const folder = mkdtempSync(join(tmpdir(), 'matriarch-rsyslog-'))
  const [udpPort, tcpPort] = [await freePort(), await freePort()]
  const [socket, written, conf] = [join(folder, 'log'), join(folder, 'written'), join(folder, 'rsyslog.conf')]
  writeFileSync(
    conf,
    `global(workDirectory="${folder}" maxMessageSize="8k")
module(load="imudp")
module(load="imtcp")
module(load="imuxsock" SysSock.Use="off")
input(type="imudp" address="127.0.0.1" port="${udpPort}")
input(type="imtcp" address="127.0.0.1" port="${tcpPort}")
input(type="imuxsock" socket="${socket}" createPath="on")
template(name="line" type="string" string="%pri%\\t%programname%\\t%msgid%\\t%msg%\\n")
*.* action(type="omfile" file="${written}" template="line" asyncWriting="off")
`,
  )
  const child = spawn('/usr/sbin/rsyslogd', ['-n', '-C', '-f', conf, '-i', join(folder, 'pid')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (piece) => {
    said += piece
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      said += error.message
      resolve()
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const read = (): SyslogLine[] => {
    try {
      return readFileSync(written, 'utf8')
        .split('\n')
        .flatMap((line) => {
          const [priority, program, kind, ...text] = line.split('\t')
          return text.length === 0 || program !== 'matriarch'
            ? []
            : [{ priority: Number(priority), program, kind: kind!, text: text.join('\t').trim() }]
        })
    } catch {
      return []
    }
  }
  await until(
    async () => ((await answers(tcpPort)) ? true : null),
    () => `did not start: ${said}`,
  ).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const lines = (atLeast: number) =>
    until(
      async () => (read().length >= atLeast ? read() : null),
      () => `has not written ${atLeast} lines`,
    )
  return { udpPort, tcpPort, socket, lines, stop }
}
