import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { FleetHost } from '../fleet/fleet'
import { LabError } from '../machine/error'
import { cableOf, type Layout } from '../machine/layout'
import type { Machine } from '../machine/machine'
import {
  type CommandOptions,
  type CommandResult,
  isRunning,
  type ProcessMark,
  readMark,
  runCommand,
  signalMarked,
  until,
} from '../machine/processes'
import { commandEnvironment } from '../machine/programs.mjs'
import type { Supervisor } from '../machine/supervisor'

export type ExecOptions = CommandOptions & { user?: 'postgres' | 'root' }
export type PowerOnOptions = { waitFor?: 'ssh' | 'clusters'; timeoutMs?: number }

/** Power, processes and commands of the lab's hosts. */
export class Hosts {
  constructor(
    private readonly layout: Layout,
    private readonly machine: Machine,
    private readonly supervisor: Supervisor,
  ) {}

  /** The first process of a running host, or undefined when it is off. */
  mark(host: string): ProcessMark | undefined {
    const mark = readMark(this.layout.runHost(host, 'init'))
    return isRunning(mark) ? mark : undefined
  }

  require(host: string): ProcessMark {
    const mark = this.mark(host)
    if (!mark) throw new LabError(`${host} is powered off.`, { hint: `npm run lab -- power-on ${host}` })
    return mark
  }

  /**
   * Returns when the host answers SSH (`ssh`), or when its clusters have also been started (`clusters`, the default).
   * A cluster that cannot start does not fail the host; its log says why.
   */
  async powerOn(host: FleetHost, options: PowerOnOptions = {}): Promise<void> {
    if (this.mark(host.name)) return
    const timeoutMs = options.timeoutMs ?? 60_000
    rmSync(this.layout.runHost(host.name), { recursive: true, force: true }) // Marks of its last life.
    this.supervisor.tell(`on ${host.name} ${host.address} ${cableOf(host.address)}`)
    const share = (name: string) => this.layout.runHost(host.name, 'share', name)
    const goal = options.waitFor === 'ssh' ? 'ready' : 'booted'
    await until(
      `${host.name} to boot`,
      () => {
        for (const path of [this.layout.runHost(host.name, 'failed'), share('failed')])
          if (existsSync(path))
            throw new LabError(`${host.name} did not boot: ${readFileSync(path, 'utf8').trim()}. ${this.consoleLog(host.name)}`)
        if (existsSync(this.layout.runHost(host.name, 'init')) && !this.mark(host.name))
          throw new LabError(`${host.name} died while it booted. ${this.consoleLog(host.name)}`)
        return existsSync(share(goal))
      },
      { timeoutMs },
    )
  }

  /** The plug is pulled: every process of the host dies at once, nothing is flushed by anybody, the disk stays. */
  async powerOff(host: string): Promise<void> {
    const mark = this.mark(host)
    signalMarked(mark, 'SIGKILL')
    await until(`${host} to lose power`, () => !isRunning(mark), { timeoutMs: 20_000 })
  }

  /** An orderly shutdown: clusters stop fast, at most 15 s, then the host is off. */
  async shutDown(host: string): Promise<void> {
    const mark = this.mark(host)
    if (!signalMarked(mark, 'SIGTERM')) return
    await until(`${host} to shut down`, () => !isRunning(mark), { timeoutMs: 20_000 }).catch(() => this.powerOff(host))
  }

  private consoleLog(host: string): string {
    const path = this.layout.host(host, 'console.log')
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').slice(-5).join('\n') : ''
  }

  /** The command line that runs `argv` inside a host, in postgres's home, as postgres unless told otherwise. */
  execArgv(host: string, argv: readonly string[], user: 'postgres' | 'root' = 'postgres'): string[] {
    const { pid } = this.require(host)
    const spaces = ['-m', '-r', '-u', '-i', '-n', '-p']
    const variables = [
      'LANG=C.UTF-8',
      `TERM=${process.env.TERM ?? 'dumb'}`,
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]
    const home = user === 'root' ? '/root' : '/var/lib/postgresql'
    const environment = ['env', '-i', '-C', home, `HOME=${home}`, `USER=${user}`, `LOGNAME=${user}`, 'SHELL=/bin/bash', ...variables]
    const dies = ['setpriv', '--pdeathsig', 'KILL']
    if (this.machine.isRootless) {
      if (user === 'root')
        throw new LabError("A plain user's lab has no root in its hosts.", { hint: 'Run the lab as root, or run the command as postgres.' })
      return [
        ...dies,
        '--',
        'nsenter',
        '-t',
        String(pid),
        '-U',
        '--preserve-credentials',
        ...spaces,
        '--',
        ...dies,
        '--',
        ...environment,
        ...argv,
      ]
    }
    const become = user === 'postgres' ? ['--reuid=postgres', '--regid=postgres', '--init-groups'] : []
    return [...dies, '--', 'nsenter', '-t', String(pid), ...spaces, '--', ...dies, ...become, '--', ...environment, ...argv]
  }

  async exec(host: string, argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    return runCommand(this.execArgv(host, argv, options.user), { env: commandEnvironment(), ...options })
  }

  /** As `exec`, but an exit code other than 0 is an error with what the command said. Returns its standard output. */
  async mustExec(host: string, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(host, argv, options)
    if (result.code === 0) return result.stdout
    throw new LabError(
      `On ${host}, ${argv.join(' ')} ended with ${result.signal ?? result.code}: ${(result.stderr || result.stdout).trim()}`,
    )
  }

  /** Process ids, as the machine counts them, of everything in the host but its first process. */
  private processes(host: string): { pid: number; command: string }[] {
    const { pid: first } = this.require(host)
    const space = readlinkSync(`/proc/${first}/ns/pid`)
    const found: { pid: number; command: string }[] = []
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry) || Number(entry) === first) continue
      try {
        if (readlinkSync(`/proc/${entry}/ns/pid`) !== space) continue
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        found.push({ pid: Number(entry), command })
      } catch {
        // It ended meanwhile, or it is another user's and so not of this lab.
      }
    }
    return found
  }

  /**
   * Sends a signal to the host's processes whose command line matches (all of them when no pattern is given; the first
   * process, which only waits, is spared). Returns how many it was sent to; 0 is an error when a pattern was given.
   */
  signal(host: string, signal: NodeJS.Signals, pattern?: string): number {
    const wanted = pattern === undefined ? undefined : new RegExp(pattern)
    const seen = new Set<number>()
    for (let round = 0; round < 10; round++) {
      const fresh = this.processes(host).filter((one) => !seen.has(one.pid) && (wanted === undefined || wanted.test(one.command)))
      if (fresh.length === 0) break
      for (const { pid } of fresh) {
        seen.add(pid)
        try {
          process.kill(pid, signal)
        } catch {
          // Gone already.
        }
      }
    }
    if (seen.size === 0 && pattern !== undefined) throw new LabError(`No process on ${host} matches /${pattern}/.`)
    return seen.size
  }

  /** Gives the host a file of its own root file system. `path` is absolute, below /etc, /var, /srv or /usr/local. */
  writeFile(host: string, path: string, text: string, options: { mode?: number; owner?: 'postgres' | 'root' } = {}): void {
    const file = this.layout.host(host, path.replace(/^\/usr\/local\//, '/local/'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, options.mode ?? 0o644)
    if (options.owner === 'postgres' && !this.machine.isRootless) chownSync(file, this.machine.postgres.uid, this.machine.postgres.gid)
  }
}
