import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '@/lib/playground/machine/programs.mjs'
import {
  emptyRoot,
  keyBlock,
  type NamedKey,
  type NamedServer,
  primaryConfig,
  secondaryConfig,
  zoneText,
} from '@/lib/playground/services/named-config'

const run = promisify(execFile)
const address = '127.0.0.1'

export interface TestNames {
  zone: string
  key: NamedKey
  primary: NamedServer
  secondary: NamedServer
  /** The independent witness: short answers of one server, one a line, in the order it gave them. */
  dig: (server: NamedServer, ...question: string[]) => Promise<string[]>
  /** The independent hand: lines of an nsupdate script, signed with the zone's key. Rejects with its output when refused. */
  nsupdate: (...lines: string[]) => Promise<void>
  /** kill: nothing answers. freeze: it hangs. */
  kill: (which: 'primary' | 'secondary') => Promise<void>
  freeze: (which: 'primary' | 'secondary', isFrozen: boolean) => Promise<void>
  start: (which: 'primary' | 'secondary') => Promise<void>
  logs: () => string
  stop: () => Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, address, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const isStopped = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/task`).every((task) => readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8').split(') ')[1]!.startsWith('T'))

/** Two real authoritative servers of one zone: a primary that takes signed updates and a secondary that follows it by NOTIFY and transfer. */
export const startNames = async (options: { algorithm?: string; zone?: string } = {}): Promise<TestNames> => {
  const zone = options.zone ?? 'db.test'
  const folder = mkdtempSync(join(tmpdir(), 'mdns-'))
  const key: NamedKey = {
    name: 'matriarch',
    algorithm: options.algorithm ?? 'hmac-sha256',
    secret: randomBytes(32).toString('base64'),
  }
  const primary = { address, port: await freePort() }
  const secondary = { address, port: await freePort() }
  const at = (...parts: string[]) => join(folder, ...parts)
  for (const one of ['primary', 'secondary']) mkdirSync(at(one))
  writeFileSync(at('key'), keyBlock(key), { mode: 0o600 })
  const zones = [{ name: zone, file: 'zone' }]
  const servers = ['ns1', 'ns2'].map((name) => ({ name, address }))
  writeFileSync(at('primary', 'zone'), zoneText(servers, [{ name: 'taken', type: 'TXT', value: 'somebody' }], 60))
  writeFileSync(at('primary', 'named.conf'), primaryConfig(at('primary'), primary, secondary, key, zones))
  writeFileSync(at('secondary', 'named.conf'), secondaryConfig(at('secondary'), secondary, primary, key, zones))
  writeFileSync(at('primary', 'empty-root'), emptyRoot)

  const children = new Map<string, ChildProcess>()
  const dig: TestNames['dig'] = async (server, ...question) => {
    const { stdout } = await run('dig', [
      '+short',
      '+norecurse',
      '+time=2',
      '+tries=2',
      `@${server.address}`,
      '-p',
      String(server.port),
      ...question,
    ])
    return stdout.split('\n').filter(Boolean)
  }
  const answers = async (which: 'primary' | 'secondary') =>
    (await dig(which === 'primary' ? primary : secondary, 'SOA', zone).catch(() => [])).some((line) => line.includes('hostmaster'))
  const start: TestNames['start'] = async (which) => {
    const log = at(`${which}.log`)
    const child = spawn('bash', ['-c', `exec "${findProgram('named')}" -g -n 1 -c named.conf >>"${log}" 2>&1`], { cwd: at(which) })
    children.set(which, child)
    const deadline = Date.now() + 20_000
    while (!(await answers(which)))
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`named (${which}) did not start: ${readFileSync(log, 'utf8').split('\n').slice(-8).join('\n')}`)
  }
  const kill: TestNames['kill'] = async (which) => {
    const child = children.get(which)
    children.delete(which)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    await new Promise((resolve) => {
      child.once('exit', resolve)
      child.kill('SIGKILL')
    })
  }
  const names: TestNames = {
    zone,
    key,
    primary,
    secondary,
    dig,
    nsupdate: async (...lines) => {
      const script = [`server ${address} ${primary.port}`, `zone ${zone}`, ...lines, 'send', ''].join('\n')
      const child = run('nsupdate', ['-k', at('key'), '-t', '5'])
      child.child.stdin?.end(script)
      await child
    },
    kill,
    freeze: async (which, isFrozen) => {
      const child = children.get(which)!
      child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT')
      // A signal stops each thread when it next comes to it.
      while (isFrozen && !isStopped(child.pid!)) await new Promise((resolve) => setImmediate(resolve))
    },
    start,
    logs: () =>
      ['primary', 'secondary'].map((one) => (existsSync(at(`${one}.log`)) ? readFileSync(at(`${one}.log`), 'utf8') : '')).join('\n---\n'),
    stop: async () => {
      await Promise.all([kill('primary'), kill('secondary')])
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await start('primary')
  await start('secondary')
  return names
}
