import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Lab } from '@/lib/playground/lab/lab'
import { isRunning, markOf } from '@/lib/playground/machine/processes'
import { until } from '../hold'
import { childrenOf } from '../processes'

/** Where the running product is, as `stack-process.ts` prints it. */
export interface StackFacts {
  url: string
  stateDirectory: string
  databaseUrl: string
  labDirectory: string
  /** User name → password: the local administrator `admin` and everybody in the directory. */
  people: Record<string, string>
  /** The workers it began with. */
  workerPids: number[]
}

export interface Member {
  herd: string
  environment: string
  host: string
  port: number
  role: 'primary' | 'standby'
}

/** The running product from behind: its processes, and its hosts as they are, not as the console says. */
export class Stack {
  /** Every registered instance of the playground. */
  readonly members: readonly Member[]
  private readonly pids: number[]

  private constructor(
    readonly facts: StackFacts,
    readonly lab: Lab,
  ) {
    this.pids = [...facts.workerPids]
    this.members = lab.fleet.herds.flatMap((herd) =>
      herd.members.map(({ host, role }) => ({ herd: herd.name, environment: herd.environment, host, port: herd.port, role })),
    )
  }

  /** The product that runs already where `MATRIARCH_E2E` holds its facts, else one of its own, which `stop` ends. `hasMachines`: with a herd that can be resized. */
  static async start({ hasMachines = false } = {}): Promise<{ stack: Stack; stop: () => Promise<void> }> {
    const given = process.env.MATRIARCH_E2E
    const { facts, stop } = given ? { facts: JSON.parse(given) as StackFacts, stop: async () => {} } : await bringUp(hasMachines)
    return { stack: new Stack(facts, await Lab.open({ stateDir: facts.labDirectory })), stop }
  }

  /** One value from an instance, asked on its host; throws when it does not answer. */
  async ask(member: Pick<Member, 'host' | 'port'>, sql: string): Promise<string> {
    const answer = await this.lab.hosts.mustExec(member.host, ['psql', '-X', '-p', String(member.port), '-Atc', sql], { timeoutMs: 10_000 })
    return answer.trim()
  }

  /** Title as the console writes it → start of the postmaster in ISO form; null: it does not answer. */
  async startTimes(members: readonly Member[] = this.members): Promise<Record<string, string | null>> {
    const sql = "select to_char(pg_postmaster_start_time() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    const found = await Promise.all(
      members.map(async (member) => [titleOf(member), await this.ask(member, sql).catch(() => null)] as const),
    )
    return Object.fromEntries(found)
  }

  /** Members whose postmaster answers queries now. */
  async answering(): Promise<string[]> {
    const times = await this.startTimes()
    return Object.keys(times).filter((title) => times[title] !== null)
  }

  workers(): number[] {
    return this.pids.filter((pid) => isRunning(markOf(pid)))
  }

  /** `kill -9`, and waits until it is gone. */
  async kill(pid: number): Promise<void> {
    const mark = markOf(pid)
    process.kill(pid, 'SIGKILL')
    await until(`process ${pid} to be gone`, () => !isRunning(mark))
  }

  async startWorker(): Promise<number> {
    const { pid } = (await this.post('/workers')) as { pid: number }
    this.pids.push(pid)
    return pid
  }

  /** `kill -9` of the console's own PostgreSQL; returns when its last process is gone, so that it can be started again. */
  async killDatabase(): Promise<void> {
    const pid = Number(readFileSync(join(this.facts.stateDirectory, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
    const marks = childrenOf(pid).map(markOf)
    await this.kill(pid)
    await until('the last backend to be gone', () => marks.every((mark) => !isRunning(mark)))
  }

  /** Nothing happens when it runs. */
  async startDatabase(): Promise<void> {
    await this.post('/database')
  }

  private post(path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: join(this.facts.stateDirectory, 'control'), path, method: 'POST' }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${path}: ${text}`))))
      })
      call.on('error', reject).end()
    })
  }
}

/** In a process of its own, since everything in the lab's network dies with the process that made it. */
const bringUp = async (hasMachines: boolean): Promise<{ facts: StackFacts; stop: () => Promise<void> }> => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'mat-e2e-'))
  const child = spawn(process.execPath, [
    '--import',
    'tsx',
    join(import.meta.dirname, 'stack-process.ts'),
    stateDirectory,
    ...(hasMachines ? ['machines'] : []),
  ])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    ended.then((code) => Promise.reject(new Error(`The product did not come up (${code}); see ${stateDirectory}/log.\n${said}`))),
  ])
  const stop = async () => {
    child.stdin.end()
    await ended
    rmSync(stateDirectory, { recursive: true, force: true })
  }
  return { facts: JSON.parse(line) as StackFacts, stop }
}

export const titleOf = ({ herd, host }: Pick<Member, 'herd' | 'host'>): string => `${herd} on ${host}`
