import type { Client, ClientChannel } from 'ssh2'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress } from '@/lib/ports'
import { type ConnectTimes, connectSsh, resetConnection } from './connect'
import { type Deadline, Gate, within } from './deadline'
import { askMachineId } from './identity'

export interface LinkOptions extends ConnectTimes {
  /** Commands at once on one connection. OpenSSH's own limit (MaxSessions) is 10, and two are kept for killing. */
  commandsMax: number
  /** Forwarded sockets at once. */
  forwardsMax: number
  /** After a failed connect everybody is refused at once for this long; doubled each time up to the second. */
  backOffMs: number
  backOffMaxMs: number
  privateKey: () => Promise<string>
  /** Told which machine has let the console in, before anything else runs there; throws to refuse it. Left out: any machine with the pinned key will do. */
  recognise?: (host: HostAddress, machineId: string) => Promise<void>
}

/** The warm connection to one server under one pin: connected on demand, shared by all, cut off for a while after a failure. */
export class SshLink {
  readonly commands: Gate
  /** Commands that run now on the host, as far as its answers have arrived. */
  readonly sessions = new Set<ClientChannel>()
  readonly kills = new Gate(2)
  readonly forwards: Gate
  lastUsedAt = performance.now()
  private client: Client | null = null
  private connecting: Promise<Client> | null = null
  private failures = 0
  private refuseUntil = 0
  private lastFault: Fault | null = null
  private isClosed = false

  constructor(
    readonly host: HostAddress,
    private readonly options: LinkOptions,
  ) {
    this.commands = new Gate(options.commandsMax)
    this.forwards = new Gate(options.forwardsMax)
  }

  get isIdle(): boolean {
    return this.commands.active + this.kills.active + this.forwards.active === 0
  }

  get isConnected(): boolean {
    return this.client !== null
  }

  /** The connection, made when there is none. `isPatient` false: a host that failed a moment ago is asked again all the same. */
  async connection(deadline: Deadline, ask: { fresh?: boolean } = {}): Promise<Client> {
    this.lastUsedAt = performance.now()
    if (this.client) return this.client
    if (this.lastFault && !ask.fresh && !this.connecting && performance.now() < this.refuseUntil) throw this.stillDown(this.lastFault)
    this.connecting ??= this.connect().finally(() => {
      this.connecting = null
    })
    return within(
      this.connecting,
      deadline,
      () =>
        new Fault('shell.unreachable', {
          host: this.host.hostname,
          isOver: true,
          because: `${this.host.hostname} did not let the console in before the deadline.`,
        }),
    )
  }

  /**
   * A session on the connection; `command` has not been run when this throws `shell.unreachable`.
   * `attend` is called at once, since the host's answer and the command's end can arrive in one packet.
   */
  async openCommand<T>(command: string, deadline: Deadline, attend: (channel: ClientChannel) => T): Promise<T> {
    const client = await this.connection(deadline)
    const counted = (channel: ClientChannel): T => {
      this.sessions.add(channel)
      channel.once('close', () => this.sessions.delete(channel))
      return attend(channel)
    }
    return this.open((done) => client.exec(command, done), counted, deadline)
  }

  async openSocket(to: string | { address: string; port: number }, deadline: Deadline): Promise<ClientChannel> {
    const client = await this.connection(deadline)
    return this.open(
      (done) =>
        typeof to === 'string'
          ? client.openssh_forwardOutStreamLocal(to, done)
          : client.forwardOut('127.0.0.1', 0, to.address, to.port, done),
      (channel) => channel,
      deadline,
    )
  }

  /** Gives up a connection that is dead: the next user makes a new one. */
  drop(): void {
    const client = this.client
    this.client = null
    if (client) resetConnection(client)
  }

  close(): void {
    this.isClosed = true
    this.client?.destroy()
    this.client = null
  }

  private async open<T>(
    start: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
    attend: (channel: ClientChannel) => T,
    deadline: Deadline,
  ): Promise<T> {
    let isLate = false
    const opened = new Promise<T>((resolve, reject) => {
      start((error, channel) => {
        if (error) reject(error)
        else if (isLate) channel.destroy()
        else resolve(attend(channel))
      })
    })
    try {
      return await within(opened, deadline, () => new ChannelSilence(this.host.hostname))
    } catch (error) {
      isLate = true
      throw error
    }
  }

  /** A connection to the machine that it is meant to be. */
  private async logIn(): Promise<Client> {
    const client = await connectSsh(this.host, await this.options.privateKey(), this.options)
    if (this.options.recognise === undefined) return client
    const ignore = () => {}
    client.on('error', ignore)
    try {
      await this.options.recognise(this.host, await askMachineId(client, this.host.hostname, this.options.connectTimeoutMs))
      return client
    } catch (error) {
      client.destroy()
      throw error
    } finally {
      client.removeListener('error', ignore)
    }
  }

  private async connect(): Promise<Client> {
    try {
      const client = await this.logIn()
      if (this.isClosed) {
        client.destroy()
        throw new Fault('shell.unreachable', { because: 'The console is closing its connections.' })
      }
      client.on('error', (error) => {
        this.forget(client)
        if (error.level === 'client-timeout') resetConnection(client)
      })
      client.once('close', () => this.forget(client))
      client.setMaxListeners(0)
      this.client = client
      this.sessions.clear()
      this.failures = 0
      this.lastFault = null
      return client
    } catch (error) {
      this.failures += 1
      this.lastFault = error instanceof Fault ? error : new Fault('internal.bug', {}, { cause: error })
      this.refuseUntil = performance.now() + Math.min(this.options.backOffMs * 2 ** (this.failures - 1), this.options.backOffMaxMs)
      throw this.lastFault
    }
  }

  private forget(client: Client): void {
    if (this.client === client) this.client = null
  }

  private stillDown(last: Fault): Fault {
    const seconds = Math.ceil((this.refuseUntil - performance.now()) / 1000)
    const because = `${last.message} The console asks again in ${seconds} s.`
    return new Fault(last.code, { ...last.facts, because }, { cause: last })
  }
}

/** The host did not answer a request to open a channel; whether the request arrived is not known. */
export class ChannelSilence extends Error {
  constructor(readonly hostname: string) {
    super(`${hostname} did not answer on its open connection`)
  }
}

/** The host answered, and said no: nothing was opened. */
export const isChannelRefusal = (error: unknown): boolean => typeof (error as { reason?: unknown }).reason === 'number'
