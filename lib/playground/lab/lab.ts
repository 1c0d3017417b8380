import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { checkFleet, type Fleet, type FleetHost } from '../fleet/fleet'
import { addAuthorizedKey, prepareHost, readHostKey } from '../hosts/host-files'
import { type Agent, dropAgentToken, installAgent, readAgentToken, readLog, skewClock, wakeTimer } from '../hosts/host-tools'
import { Hosts, type PowerOnOptions } from '../hosts/hosts'
import { Network } from '../hosts/network'
import { fillVolume, prepareVolumes, saveMemoryVolumes, unfillVolume, type VolumeName } from '../hosts/volumes'
import { LabError } from '../machine/error'
import { Layout } from '../machine/layout'
import { inspectMachine, type Machine } from '../machine/machine'
import { type CommandOptions, type CommandResult, inParallel, mustRun, runCommand } from '../machine/processes'
import { labKey, readSecrets } from '../machine/secrets'
import { Services } from '../machine/services'
import { Supervisor, sweep } from '../machine/supervisor'
import { type Directory, DirectoryServer } from '../services/directory'
import { HerdMaker } from '../services/herds'
import { type LabNames, NameServers } from '../services/names'
import { makePatroni } from '../services/patroni/cluster'
import { makePoolers } from '../services/poolers'
import { openRelay, type Relay, type RelayOptions } from '../services/relay'

/** A step may be absent: nothing has to be made when the lab resumes. */
export type Progress = { step: string; done: number; of: number }
export type UpOptions = { onProgress?: (progress: Progress) => void }

/** A fleet of hosts on this machine, in a network of its own with no way out. */
export class Lab {
  readonly layout: Layout
  readonly supervisor: Supervisor
  readonly hosts: Hosts
  readonly services: Services
  readonly network: Network
  readonly directoryServer: DirectoryServer
  readonly nameServers: NameServers

  private constructor(
    readonly machine: Machine,
    readonly name: string,
    stateDir: string,
  ) {
    this.layout = new Layout(stateDir)
    this.supervisor = new Supervisor(this.layout, machine)
    this.hosts = new Hosts(this.layout, machine, this.supervisor)
    this.services = new Services(this.layout, this.supervisor)
    this.network = new Network(
      this.layout,
      this.supervisor,
      this.hosts,
      this.services,
      (host) => this.host(host),
      () => this.fleet.hosts,
    )
    this.directoryServer = new DirectoryServer(this.layout, this.supervisor, this.services)
    this.nameServers = new NameServers(this.layout, this.supervisor, this.services)
  }

  /** A handle on the lab of a state folder, running or not. `stateDir` is absolute; it is made when missing. */
  static async open(options: { stateDir: string; name?: string }): Promise<Lab> {
    if (!isAbsolute(options.stateDir)) throw new LabError(`The state folder ${options.stateDir} is not an absolute path.`)
    mkdirSync(options.stateDir, { recursive: true, mode: 0o755 })
    return new Lab(await inspectMachine(), options.name ?? 'lab', options.stateDir)
  }

  /** Ends what a crashed owner left in this state folder. True when there was something. */
  static sweep(stateDir: string): Promise<boolean> {
    return sweep(new Layout(stateDir))
  }

  get isUp(): boolean {
    return this.supervisor.isUp
  }

  /** The fleet this state folder was last brought up with. */
  get fleet(): Fleet {
    const path = this.layout.at('fleet.json')
    if (!existsSync(path)) throw new LabError('This lab has never been up.', { hint: 'npm run lab -- up' })
    return JSON.parse(readFileSync(path, 'utf8')) as Fleet
  }

  host(name: string): FleetHost {
    const found = this.fleet.hosts.find((host) => host.name === name)
    if (!found)
      throw new LabError(`The lab has no host ${name}.`, { hint: `It has ${this.fleet.hosts.map((host) => host.name).join(', ')}.` })
    return found
  }

  /**
   * Brings the fleet up and makes this process its owner: the lab ends with it. Hosts and clusters that exist are
   * resumed as they are; a host that the fleet no longer names stays on disk, off.
   */
  async up(fleet: Fleet, options: UpOptions = {}): Promise<void> {
    checkFleet(fleet)
    const report = (step: string, of: number) => {
      let done = 0
      options.onProgress?.({ step, done, of })
      return () => options.onProgress?.({ step, done: ++done, of })
    }
    await this.supervisor.start()
    try {
      writeFileSync(this.layout.at('fleet.json'), JSON.stringify(fleet, null, 2))
      const secrets = readSecrets(this.layout)
      const directory = fleet.people.length > 0 ? this.directoryServer.start(fleet) : Promise.resolve()
      const names = fleet.hasNames ? this.nameServers.startAll(fleet) : Promise.resolve()
      for (const service of [directory, names]) service.catch(() => {}) // Awaited below; a host may fail first.
      const { publicKey } = await labKey(this.layout)
      const booted = report('hosts', fleet.hosts.length)
      await inParallel(fleet.hosts, 4, async (host) => {
        await prepareHost(this.layout, this.machine, fleet, host)
        await prepareVolumes(this.layout, this.machine, host, fleet.postgresMajor)
        for (const key of [publicKey, ...this.authorizedKeys(host)]) addAuthorizedKey(this.layout, this.machine, host.name, key)
        await this.hosts.powerOn(host, { timeoutMs: 180_000 })
        booted()
      })
      const maker = new HerdMaker(this.layout, this.hosts, fleet, secrets)
      const missing = maker.missing()
      if (missing.length > 0) await maker.makeAll(missing, report('herds', missing.length))
      await makePoolers(this.layout, this.machine, this.hosts, fleet, secrets)
      await Promise.all([directory, names])
    } catch (cause) {
      await this.supervisor.kill()
      throw cause
    }
  }

  /** Makes the fleet's clusters of Patroni that do not exist yet, and waits until all are whole. Their hosts are up. */
  async patroniUp(): Promise<void> {
    for (const cluster of this.fleet.patroni ?? []) await makePatroni(this, cluster)
  }

  /**
   * Shuts every host down in order and ends the lab; safe when it is not up. `abruptly` cuts the power instead.
   * Data, keys and configuration stay in the state folder.
   */
  async down(options: { abruptly?: boolean } = {}): Promise<void> {
    const supervisor = this.supervisor.mark
    if (supervisor && !options.abruptly) {
      const { hosts, postgresMajor } = this.fleet
      await inParallel(hosts, 16, async (host) => {
        await this.hosts.shutDown(host.name)
        await saveMemoryVolumes(this.layout, supervisor, host, postgresMajor)
      })
    }
    await this.supervisor.kill()
    rmSync(this.layout.run(), { recursive: true, force: true })
  }

  /** Resolves when the lab has ended, whoever ended it. Only its owner may ask. */
  ended(): Promise<void> {
    return this.supervisor.ended()
  }

  async powerOn(host: string, options: PowerOnOptions = {}): Promise<void> {
    await this.hosts.powerOn(this.host(host), options)
    await this.network.reapply(host)
  }

  async powerOff(host: string): Promise<void> {
    await this.hosts.powerOff(this.host(host).name)
  }

  /** A fresh disk and a new host key, as of a host that was never used. It is off afterwards. */
  async renew(name: string): Promise<void> {
    const host = this.host(name)
    await this.hosts.powerOff(name)
    rmSync(this.layout.host(name, 'made'), { force: true })
    await prepareHost(this.layout, this.machine, this.fleet, host)
    await prepareVolumes(this.layout, this.machine, host, this.fleet.postgresMajor)
    const { publicKey } = await labKey(this.layout)
    for (const key of [publicKey, ...this.authorizedKeys(host)]) addAuthorizedKey(this.layout, this.machine, name, key)
  }

  /** Fills a small volume of a host to the last byte; returns the MiB that took. */
  fill(host: string, volume: VolumeName): Promise<number> {
    return fillVolume(this.hosts, this.host(host), this.fleet.postgresMajor, volume)
  }

  unfill(host: string, volume: VolumeName): Promise<void> {
    return unfillVolume(this.hosts, this.host(host), this.fleet.postgresMajor, volume)
  }

  /** Makes a host's wall clock wrong by so many seconds; the host is power-cycled for it. Needs libfaketime. */
  async skew(host: string, seconds: number): Promise<void> {
    skewClock(this.layout, this.hosts, this.host(host).name, seconds)
    await this.hosts.shutDown(host)
    await this.powerOn(host)
  }

  /** A cluster's log, or `sshd`, `agent` or `boot`; also of a host that is off. */
  logs(host: string, name?: string): string {
    return readLog(this.layout, this.host(host), name)
  }

  installAgent(host: string, agent: Agent): void {
    installAgent(this.layout, this.hosts, this.host(host).name, agent)
  }

  agentToken(host: string): string | null {
    return readAgentToken(this.layout, this.host(host).name)
  }

  dropAgentToken(host: string): void {
    dropAgentToken(this.layout, this.host(host).name)
  }

  /** Runs the host's agent now rather than when its time comes. */
  runAgent(host: string): void {
    wakeTimer(this.layout, this.hosts, this.host(host).name)
  }

  /** Runs a program in the lab's network, as the caller, and waits for it. It cannot reach anything outside the lab. */
  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.supervisor.visitorArgv(argv), options)
  }

  /** Starts a program in the lab's network, as the caller; signals reach it directly, and it dies with the caller. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return this.supervisor.spawn(argv, options)
  }

  /** Forwards a port of this machine into the lab: how a browser outside reaches the console inside. */
  relay(options: RelayOptions): Promise<Relay> {
    return openRelay(this.layout, this.supervisor, options)
  }

  /** How to log people in through the lab's directory. */
  directory(): Directory {
    return this.directoryServer.describe(this.fleet)
  }

  /** How to change the lab's names; only of a fleet that has them. */
  names(): LabNames {
    return this.nameServers.describe(this.fleet)
  }

  /** Lets a key log in as postgres on every host, or on those of one environment, now and on later starts. `publicKey` is a line of authorized_keys. */
  authorize(publicKey: string, environment?: string): void {
    const line = publicKey.trim()
    if (!/(^|\s)(ssh|ecdsa)-\S+ \S+/.test(line) || line.includes('\n')) throw new LabError('That is not one OpenSSH public key.')
    const path = this.keysFile(environment)
    const keys = linesOf(path)
    if (!keys.includes(line)) writeFileSync(path, `${[...keys, line].join('\n')}\n`)
    if (!existsSync(this.layout.at('fleet.json'))) return
    for (const host of this.fleet.hosts)
      if ((environment === undefined || host.environment === environment) && existsSync(this.layout.host(host.name, 'made')))
        addAuthorizedKey(this.layout, this.machine, host.name, line)
  }

  private authorizedKeys({ environment }: FleetHost): string[] {
    return [...linesOf(this.keysFile()), ...linesOf(this.keysFile(environment))]
  }

  private keysFile(environment?: string): string {
    return this.layout.at(environment === undefined ? 'authorized_keys' : `authorized_keys.${encodeURIComponent(environment)}`)
  }

  /** Each host's public key ("ssh-ed25519 AAAA…"), to be pinned. */
  hostKeys(): { host: string; address: string; publicKey: string }[] {
    return this.fleet.hosts.map((host) => ({ host: host.name, address: host.address, publicKey: readHostKey(this.layout, host.name) }))
  }

  /** A command over real SSH as postgres, with the lab's own key and the host's key pinned. */
  async ssh(host: string, argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { privateKeyFile } = await labKey(this.layout)
    const { address } = this.host(host)
    const known = this.layout.run(`known_hosts.${host}`)
    writeFileSync(known, `${address} ${readHostKey(this.layout, host)}\n`)
    const settings = ['BatchMode=yes', `UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes', 'ConnectTimeout=5', 'IdentitiesOnly=yes']
    const flags = settings.flatMap((setting) => ['-o', setting])
    return this.run(['ssh', '-F', 'none', '-i', privateKeyFile, ...flags, `postgres@${address}`, '--', ...argv], options)
  }

  /** Deletes the whole state folder. The lab must be down. */
  async destroy(): Promise<void> {
    await this.down({ abruptly: true })
    await mustRun(['rm', '-rf', '--one-file-system', this.layout.state], { timeoutMs: 10 * 60_000 })
  }
}

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [])
