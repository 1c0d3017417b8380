import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { LabError } from './error'
import type { Layout } from './layout'
import { isRunning, type ProcessMark, readMark, signalMarked, until } from './processes'
import type { Supervisor } from './supervisor'

/** Daemons of the lab itself, at the console's address: children of the supervisor, so they live and die with the lab. */
export class Services {
  constructor(
    private readonly layout: Layout,
    private readonly supervisor: Supervisor,
  ) {}

  mark(name: string): ProcessMark | undefined {
    const mark = readMark(this.layout.service(name, 'mark'))
    return isRunning(mark) ? mark : undefined
  }

  log(name: string): string {
    const path = this.layout.service(name, 'log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  /** Starts a daemon that stays in the foreground; `isReady` is asked until it says so. Nothing happens when it runs already. */
  async start(name: string, argv: readonly string[], isReady: () => Promise<boolean>): Promise<void> {
    if (this.mark(name)) return
    rmSync(this.layout.service(name), { recursive: true, force: true })
    mkdirSync(this.layout.service(name), { recursive: true })
    const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    writeFileSync(this.layout.service(name, 'command'), `exec ${quoted.join(' ')}\n`)
    this.supervisor.tell(`service ${name}`)
    await until(
      `${name} to start`,
      async () => {
        if (existsSync(this.layout.service(name, 'mark')) && !this.mark(name))
          throw new LabError(`${name} did not start: ${this.log(name).trim().split('\n').slice(-5).join('\n')}`)
        return this.mark(name) !== undefined && (await isReady())
      },
      { timeoutMs: 60_000, everyMs: 20 },
    )
  }

  signal(name: string, signal: NodeJS.Signals): void {
    signalMarked(this.mark(name), signal)
  }

  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const mark = this.mark(name)
    signalMarked(mark, signal)
    await until(`${name} to stop`, () => !isRunning(mark), { timeoutMs: 20_000 })
  }
}
