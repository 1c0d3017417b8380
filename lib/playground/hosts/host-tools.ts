import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import type { FleetHost } from '../fleet/fleet'
import { LabError } from '../machine/error'
import type { Layout } from '../machine/layout'
import type { Hosts } from './hosts'

export type Agent = {
  /** The agent's text. */
  script: string
  /** Goes to /etc/matriarch/agent.env, readable by postgres only. */
  env: Record<string, string>
  everySeconds: number
}

/** Installs the host agent as an administrator would, with a timer that runs it as postgres: at once, then every N seconds. */
export function installAgent(layout: Layout, hosts: Hosts, host: string, agent: Agent): void {
  const lines = Object.entries(agent.env).map(([name, value]) => {
    if (!/^[A-Z_][A-Z0-9_]*$/.test(name)) throw new LabError(`"${name}" is not the name of an environment variable.`)
    return `${name}='${value.replaceAll("'", `'\\''`)}'\n`
  })
  hosts.writeFile(host, '/etc/matriarch/every', `${agent.everySeconds}\n`)
  hosts.writeFile(host, '/etc/matriarch/agent.env', lines.join(''), { mode: 0o600, owner: 'postgres' })
  hosts.writeFile(host, '/usr/local/bin/matriarch-report', agent.script, { mode: 0o755 })
  if (hosts.mark(host)) wakeTimer(layout, hosts, host)
}

const tokenFile = (layout: Layout, host: string): string => layout.host(host, 'var/lib/postgresql/.matriarch/token')

/** The token with which the host's agent reports; null: it has none. */
export function readAgentToken(layout: Layout, host: string): string | null {
  const file = tokenFile(layout, host)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

/** The agent enrols again with the key it is given next. */
export function dropAgentToken(layout: Layout, host: string): void {
  rmSync(tokenFile(layout, host), { force: true })
}

/** Makes the host's timer run the agent now. */
export function wakeTimer(layout: Layout, hosts: Hosts, host: string): void {
  hosts.require(host)
  const pipe = layout.runHost(host, 'share', 'timer')
  if (!existsSync(pipe)) return // The host is booting: the timer looks at once anyway.
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
  writeSync(fd, 'now\n')
  closeSync(fd)
}

/** What a host's daemons wrote, also while it is off. `name` is a cluster, `sshd`, `agent` or `boot` (the default). */
export function readLog(layout: Layout, host: FleetHost, name = 'boot'): string {
  const special: Record<string, string> = {
    boot: layout.host(host.name, 'console.log'),
    sshd: layout.host(host.name, 'var/log/sshd.log'),
    agent: layout.host(host.name, 'var/log/matriarch-report.log'),
  }
  const folder = layout.host(host.name, 'var/log/postgresql')
  const clusterLog = readdirSync(folder).find((file) => file.endsWith(`-${name}.log`))
  const path = special[name] ?? (clusterLog && `${folder}/${clusterLog}`)
  if (!path)
    throw new LabError(`${host.name} has no log ${name}.`, {
      hint: `It has ${[...Object.keys(special), ...readdirSync(folder)].join(', ')}.`,
    })
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

const fakeTime = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((arch) => `/usr/lib/${arch}/faketime/libfaketime.so.1`)

/**
 * Makes the host's wall clock wrong by so many seconds from its next boot on (0 makes it right): for what is run
 * over SSH, and for the clusters. A kernel gives namespaces clocks of their own for uptime only, never for the time of day, so
 * this needs libfaketime; `exec` still tells the true time.
 */
export function skewClock(layout: Layout, hosts: Hosts, host: string, seconds: number): void {
  const files = ['etc/lab-skew', 'etc/ssh/sshd_config.d/lab-skew.conf'].map((file) => layout.host(host, file))
  for (const file of files) rmSync(file, { force: true })
  if (seconds === 0) return
  const library = fakeTime.find((path) => existsSync(path))
  if (!library)
    throw new LabError("A host's wall clock cannot be skewed here: the kernel has one for all, and libfaketime is not installed.", {
      hint: 'sudo apt-get install libfaketime',
    })
  const settings = [`LD_PRELOAD=${library}`, `FAKETIME=${seconds < 0 ? '' : '+'}${seconds}s`, 'FAKETIME_DONT_FAKE_MONOTONIC=1']
  hosts.writeFile(host, '/etc/lab-skew', `export ${settings.join(' ')}\n`)
  hosts.writeFile(host, '/etc/ssh/sshd_config.d/lab-skew.conf', `SetEnv ${settings.join(' ')}\n`)
}
