import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { FleetHost } from '../fleet/fleet'
import { LabError } from '../machine/error'
import { cableOf, consoleAddress, type Layout } from '../machine/layout'
import { hostScripts } from '../machine/machine'
import { inParallel, mustRun, runCommand } from '../machine/processes'
import { commandEnvironment } from '../machine/programs.mjs'
import type { Services } from '../machine/services'
import type { Supervisor } from '../machine/supervisor'
import type { Hosts } from './hosts'

/** The far end of a cut that is not a host: the console's side of the network, directory included. */
export const consoleName = 'console'

/** At least one of the two. `rateKbit` is kilobits a second; `delayMs` is added in each direction, so twice to a round trip. */
export type Slowness = { rateKbit?: number; delayMs?: number }
export type NetworkState = {
  /** Hosts whose cable is pulled. */
  pulled: string[]
  /** Packets that never arrive, one direction each. */
  lost: { from: string; to: string }[]
  slow: Record<string, Slowness>
}

const untouched: NetworkState = { pulled: [], lost: [], slow: {} }
const nobodysHardware = '02:00:00:00:00:ff'

/** Damage to the lab's network. It stays through a host's power cycle, and ends with `heal` or with the lab. */
export class Network {
  constructor(
    private readonly layout: Layout,
    private readonly supervisor: Supervisor,
    private readonly hosts: Hosts,
    private readonly services: Services,
    private readonly find: (name: string) => FleetHost,
    private readonly everyHost: () => FleetHost[],
  ) {}

  get state(): NetworkState {
    const path = this.layout.run('network.json')
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as NetworkState) : structuredClone(untouched)
  }

  private save(state: NetworkState): void {
    this.supervisor.require()
    writeFileSync(this.layout.run('network.json'), JSON.stringify(state))
  }

  /** Pulls a host's cable. Those who call it hear "No route to host" after the kernel's three seconds of asking; open connections hang. */
  async cut(host: string): Promise<void> {
    const { name, address } = this.find(host)
    const state = this.state
    this.save({ ...state, pulled: [...new Set([...state.pulled, name])] })
    if (this.hosts.mark(name)) await this.admin(['ip', 'link', 'set', cableOf(address), 'down'])
  }

  /** Loses every packet from one to the other (`console` is allowed): nothing is refused, everything hangs. */
  async cutOneWay(from: string, to: string): Promise<void> {
    if (from === to) throw new LabError(`${from} cannot be cut from itself.`)
    const state = this.state
    if (!state.lost.some((one) => one.from === from && one.to === to)) this.save({ ...state, lost: [...state.lost, { from, to }] })
    await this.neighbour(from, to, 'replace')
  }

  /** Loses every packet between two; both still reach everybody else. */
  async cutBetween(a: string, b: string): Promise<void> {
    await this.cutOneWay(a, b)
    await this.cutOneWay(b, a)
  }

  /** Slows a host's link to everybody. Replaces an earlier slowness of it. */
  async slow(host: string, slowness: Slowness): Promise<void> {
    const { name } = this.find(host)
    const { rateKbit, delayMs } = slowness
    if (!rateKbit && !delayMs) throw new LabError('Say how slow: a rate in kbit/s, a delay in milliseconds, or both.')
    await this.restoreSpeed(name)
    const state = this.state
    this.save({ ...state, slow: { ...state.slow, [name]: slowness } })
    if (this.hosts.mark(name)) await this.applySlowness(name, slowness)
  }

  /** Undoes every damage, or what concerns one host. */
  async heal(host?: string): Promise<void> {
    const state = this.state
    const concerns = (name: string) => host === undefined || name === host
    const pulled = state.pulled.filter(concerns)
    for (const name of pulled) if (this.hosts.mark(name)) await this.admin(['ip', 'link', 'set', cableOf(this.find(name).address), 'up'])
    if (pulled.length > 0) await this.forgetNeighbours()
    for (const { from, to } of state.lost) if (concerns(from) || concerns(to)) await this.neighbour(from, to, 'del')
    for (const name of Object.keys(state.slow).filter(concerns)) await this.restoreSpeed(name)
    this.save({
      pulled: state.pulled.filter((name) => !concerns(name)),
      lost: state.lost.filter(({ from, to }) => !concerns(from) && !concerns(to)),
      slow: Object.fromEntries(Object.entries(state.slow).filter(([name]) => !concerns(name))),
    })
  }

  /** A host that was powered on has a new cable and an empty memory of its neighbours: damages it again. */
  async reapply(host: string): Promise<void> {
    const { pulled, lost, slow } = this.state
    const slowness = slow[host]
    if (slowness) await this.applySlowness(host, slowness)
    for (const { from, to } of lost) if (from === host) await this.neighbour(from, to, 'replace')
    if (pulled.includes(host)) await this.admin(['ip', 'link', 'set', cableOf(this.find(host).address), 'down'])
  }

  private admin(argv: readonly string[]): Promise<string> {
    return mustRun(this.supervisor.adminArgv(argv), { env: commandEnvironment() })
  }

  private addressOf(name: string): string {
    return name === consoleName ? consoleAddress : this.find(name).address
  }

  /** A false hardware address for the peer, kept for good: packets leave and reach nobody, and nothing says so. */
  private async neighbour(from: string, to: string, verb: 'replace' | 'del'): Promise<void> {
    const address = this.addressOf(to)
    const entry = verb === 'replace' ? ['lladdr', nobodysHardware, 'nud', 'permanent'] : []
    const command = (device: string) => ['ip', 'neigh', verb, address, ...entry, 'dev', device]
    const mark = this.hosts.mark(from)
    if (from !== consoleName) this.find(from)
    if (from !== consoleName && !mark) return // Off: it has no memory of neighbours.
    const argv = mark ? this.supervisor.hostNetworkArgv(mark.pid, command('eth0')) : this.supervisor.adminArgv(command('lab0'))
    const result = await runCommand(argv, { env: commandEnvironment() })
    if (result.code !== 0 && verb === 'replace') throw new LabError(`${from} could not be cut from ${to}: ${result.stderr.trim()}`)
  }

  /**
   * A question for a hardware address that was asked while the cable was out fails up to three seconds later, and with
   * it whatever was sent meanwhile. So every host forgets what it asked; what was made permanent stays.
   */
  private async forgetNeighbours(): Promise<void> {
    const env = commandEnvironment()
    await runCommand(this.supervisor.adminArgv(['ip', 'neigh', 'flush', 'dev', 'lab0']), { env })
    const marks = this.everyHost().flatMap(({ name }) => this.hosts.mark(name) ?? [])
    await inParallel(marks, 4, async ({ pid }) => {
      await runCommand(this.supervisor.hostNetworkArgv(pid, ['ip', 'neigh', 'flush', 'dev', 'eth0']), { env })
    })
  }

  private async shape(host: string, discipline: readonly string[]): Promise<boolean> {
    const { pid } = this.hosts.require(host)
    const command = (device: string) => ['tc', 'qdisc', 'replace', 'dev', device, 'root', ...discipline]
    const cable = cableOf(this.find(host).address)
    for (const argv of [this.supervisor.adminArgv(command(cable)), this.supervisor.hostNetworkArgv(pid, command('eth0'))]) {
      const result = await runCommand(argv, { env: commandEnvironment() })
      if (result.code === 0) continue
      if (/qdisc kind is unknown|No such file/i.test(result.stderr)) return false
      throw new LabError(`${host} could not be slowed: ${result.stderr.trim()}`)
    }
    return true
  }

  private async applySlowness(host: string, { rateKbit, delayMs }: Slowness): Promise<void> {
    const rate = rateKbit ? ['rate', `${rateKbit}kbit`] : []
    if (delayMs && (await this.shape(host, ['netem', 'delay', `${delayMs}ms`, ...rate]))) return
    if (rateKbit && !(await this.shape(host, ['tbf', ...rate, 'burst', '16kb', 'latency', '2s'])))
      throw new LabError('This kernel can limit no rate: it has neither netem nor tbf.')
    if (delayMs) await this.insertDelayWire(host, delayMs)
  }

  private wire(host: string) {
    const cable = cableOf(this.find(host).address)
    return { cable, service: `wire-${host}`, bridgeEnd: cable.replace('vl', 'wa'), wireEnd: cable.replace('vl', 'wb') }
  }

  private async insertDelayWire(host: string, delayMs: number): Promise<void> {
    const { cable, service, bridgeEnd, wireEnd } = this.wire(host)
    await this.removeDelayWire(host)
    await this.admin(['ip', 'link', 'add', bridgeEnd, 'type', 'veth', 'peer', 'name', wireEnd])
    await this.admin(['ip', 'link', 'set', cable, 'nomaster'])
    await this.admin(['ip', 'link', 'set', bridgeEnd, 'master', 'lab0', 'up'])
    await this.admin(['ip', 'link', 'set', wireEnd, 'up'])
    const argv = ['perl', `${hostScripts}/delay-wire.pl`, cable, wireEnd, String(delayMs)]
    await this.services.start(service, argv, async () => this.services.log(service).includes('plugged in'))
  }

  private async removeDelayWire(host: string): Promise<void> {
    const { cable, service, bridgeEnd } = this.wire(host)
    await this.services.stop(service)
    const removed = await runCommand(this.supervisor.adminArgv(['ip', 'link', 'del', bridgeEnd]), { env: commandEnvironment() })
    if (removed.code === 0 && this.hosts.mark(host)) await this.admin(['ip', 'link', 'set', cable, 'master', 'lab0'])
  }

  private async restoreSpeed(host: string): Promise<void> {
    await this.removeDelayWire(host)
    const mark = this.hosts.mark(host)
    if (!mark) return
    const command = (device: string) => ['tc', 'qdisc', 'del', 'dev', device, 'root']
    for (const argv of [
      this.supervisor.adminArgv(command(cableOf(this.find(host).address))),
      this.supervisor.hostNetworkArgv(mark.pid, command('eth0')),
    ])
      await runCommand(argv, { env: commandEnvironment() }) // It fails where nothing was slowed.
  }
}
