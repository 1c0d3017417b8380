import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { LabError } from './error'
import type { Layout } from './layout'
import { hostScripts, type Machine } from './machine'
import { ancestorsOf, isRunning, markOf, mustRun, type ProcessMark, readMark, signalMarked, until } from './processes'
import { commandEnvironment } from './programs.mjs'

/**
 * The lab's first process and the doors into its namespaces. One process owns a lab (it called `start`); any other
 * process of the same user may steer it.
 */
export class Supervisor {
  private child: ChildProcess | undefined

  constructor(
    private readonly layout: Layout,
    private readonly machine: Machine,
  ) {}

  get mark(): ProcessMark | undefined {
    const mark = readMark(this.layout.run('supervisor'))
    return isRunning(mark) ? mark : undefined
  }

  get isUp(): boolean {
    return this.mark !== undefined
  }

  /** Fails when another living process owns the lab. Sweeps what a crashed owner left. */
  async start(): Promise<void> {
    this.refuseSecondOwner()
    await sweep(this.layout)
    mkdirSync(this.layout.run())
    const own = markOf(process.pid)
    writeFileSync(this.layout.run('owner'), `${own?.pid} ${own?.startTicks}\n`, { flag: 'wx' })
    mkdirSync(this.layout.run('hosts'))
    mkdirSync(this.layout.run('services'))
    mkdirSync(this.layout.at('hosts'), { recursive: true })
    await mustRun(['mkfifo', this.layout.run('control')])
    const { uid, gid } = this.machine.postgres
    const labUser = this.machine.isRootless ? ['--user', '--map-root-user'] : []
    const hostUser = this.machine.isRootless ? ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--keep-caps'] : []
    const log = openSync(this.layout.run('supervisor.log'), 'a')
    const namespaces = [...labUser, '--net', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
    const script = [`${hostScripts}/supervisor.sh`, this.layout.state, hostScripts, ...hostUser]
    // Its own session: Ctrl-C is for the owner, which then takes the lab down in order. The pipe on its standard input and
    // the parent-death signal both end it when the owner dies without a word.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'unshare', ...namespaces, 'bash', ...script], {
      env: commandEnvironment(),
      detached: true,
      stdio: ['pipe', log, log],
    })
    closeSync(log)
    this.child.stdin?.on('error', () => {})
    this.child.on('error', () => {})
    this.child.unref()
    await until("the lab's supervisor", () => this.mark ?? this.throwIfEnded(), { timeoutMs: 15_000 })
  }

  private throwIfEnded(): undefined {
    if (!this.child || (this.child.exitCode === null && this.child.signalCode === null)) return undefined
    throw new LabError(`The lab's network could not be made: ${this.readLog()}`)
  }

  /** An owner whose supervisor has not written its mark yet is just starting. */
  private refuseSecondOwner(): void {
    const owner = readMark(this.layout.run('owner'))
    const isStarting = !existsSync(this.layout.run('supervisor')) && owner?.pid !== process.pid
    if (isRunning(owner) && (this.isUp || isStarting)) throw new LabError(`This lab is up already; process ${owner.pid} owns it.`)
  }

  readLog(): string {
    const path = this.layout.run('supervisor.log')
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  }

  /** One line for the supervisor. A write this short to a pipe is never split. */
  tell(line: string): void {
    this.require()
    appendFileSync(this.layout.run('control'), `${line}\n`)
  }

  require(): ProcessMark {
    const mark = this.mark
    if (!mark) throw new LabError('This lab is not up.', { hint: 'npm run lab -- up' })
    return mark
  }

  /** Ends every process of the lab at once, as a power cut of the whole room would. Returns when none is left. */
  async kill(): Promise<void> {
    const mark = this.mark
    signalMarked(mark, 'SIGKILL')
    killVisitors(this.layout)
    this.child?.stdin?.destroy()
    await until('the lab to end', () => !isRunning(mark), { timeoutMs: 20_000 })
    await this.ended()
    this.child = undefined
  }

  /** Resolves when the lab has ended, whoever ended it. Only its owner may ask. */
  ended(): Promise<void> {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    child.ref() // Until now it did not keep the owner's process alive.
    return new Promise((resolve) => child.once('exit', () => resolve()))
  }

  /** As the lab's administrator, in the lab's network: `ip`, `tc` and the like. */
  adminArgv(argv: readonly string[]): string[] {
    const { pid } = this.require()
    if (!this.machine.isRootless) return ['nsenter', '-t', String(pid), '-n', '--', ...argv]
    return ['nsenter', '-t', String(pid), '-U', '-n', '--preserve-credentials', '--', ...argv]
  }

  /** As the lab's administrator, in the network of the host whose first process is `pid`. */
  hostNetworkArgv(pid: number, argv: readonly string[]): string[] {
    const inner = ['nsenter', '-t', String(pid), '-n', '--', ...argv]
    if (!this.machine.isRootless) return inner
    return ['nsenter', '-t', String(this.require().pid), '-U', '--preserve-credentials', '--', ...inner]
  }

  /** As the caller, in the lab's network: the console, the worker, a browser, a test's client. Dies with the caller. */
  visitorArgv(argv: readonly string[]): string[] {
    const mortal = ['setpriv', '--pdeathsig', 'KILL', '--', 'env', `${visitorVariable}=${this.layout.state}`, ...argv]
    if (!this.machine.isRootless) return this.adminArgv(mortal)
    const self = ['unshare', '--user', `--map-user=${process.getuid?.()}`, `--map-group=${process.getgid?.()}`, '--']
    return this.adminArgv([...self, ...mortal])
  }

  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [program, ...args] = this.visitorArgv(argv) as [string, ...string[]]
    return spawn(program, args, { ...options, env: { ...commandEnvironment(), ...options.env } })
  }
}

/**
 * Ends what a crashed owner left in this state folder, and only that: each process is known by its id and its start
 * time. Everything else of a lab lives in namespaces that ended with it.
 */
export async function sweep(layout: Layout): Promise<boolean> {
  if (!existsSync(layout.run())) return false
  const owner = readMark(layout.run('owner'))
  const supervisor = readMark(layout.run('supervisor'))
  if (isRunning(owner) && owner.pid !== process.pid && isRunning(supervisor)) return false
  killVisitors(layout)
  if (signalMarked(supervisor, 'SIGKILL')) await until('a crashed lab to end', () => !isRunning(supervisor), { timeoutMs: 20_000 })
  const dead = layout.at(`run.${process.pid}.gone`)
  renameSync(layout.run(), dead)
  rmSync(dead, { recursive: true, force: true })
  return true
}

/** Every visitor and its descendants carry this variable, with the state folder as its value. */
const visitorVariable = 'MATRIARCH_LAB_STATE'

/**
 * A visitor dies with its parent, but its own children need not. They are in no namespace that ends with the lab, so
 * they are known by what they inherited. The caller and its ancestors are spared, should they be visitors themselves.
 */
function killVisitors(layout: Layout): void {
  const wanted = `${visitorVariable}=${layout.state}`
  const spared = ancestorsOf(process.pid)
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || spared.has(Number(entry))) continue
    try {
      const variables = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0')
      if (variables.includes(wanted)) process.kill(Number(entry), 'SIGKILL')
    } catch {
      // It ended meanwhile, or it is another user's and so not of this lab.
    }
  }
}
