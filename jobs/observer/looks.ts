import { performance } from 'node:perf_hooks'
import type { ObserverShare } from '@/db/fleet/observer-share'
import { Fault } from '@/lib/kernel/ground/errors'
import type {
  HealthRead,
  HostAddress,
  HostFacts,
  InventoryInstance,
  InventoryRead,
  PostgresRead,
  ServerSettingsRead,
  StatementsRead,
} from '@/lib/ports'
import type { HostFault } from '@/lib/ports/postgres'
import type { Log } from '../queue/log'
import { makeHealthLooks } from './observe-health'
import { backOff, due, firstRoundMs, type HerdPlan, hostFactsEveryMs, nextLook, nextRoundMs, type ServerPlan } from './observe-round'
import { makeSampler } from './observe-samples'
import { makeSettingLooks } from './observe-settings'
import type { FactSink } from './observe-sink'
import { makeSizeLooks } from './observe-sizes'
import { makeStatementLooks } from './observe-statements'

export interface LooksOptions {
  inventory: InventoryRead
  probe: PostgresRead['probe']
  databaseBytes: PostgresRead['databaseBytes']
  counters: PostgresRead['counters']
  serverSettings: Pick<ServerSettingsRead, 'look' | 'kinds'>
  statements: StatementsRead
  health: HealthRead
  /** Load, memory, space and clock of a host, in one round trip; also how a host is asked whether it answers. Throws `shell.*`. */
  hostFacts: (
    host: HostAddress,
    dataDirectories: readonly string[],
    options: { timeoutMs: number; signal?: AbortSignal; ports?: readonly number[] },
  ) => Promise<HostFacts>
  sink: FactSink
  log: Log
  /** Stretches every interval; 1 (the default) is the pace that one machine's databases and hosts are meant for. */
  pace?: number
}

interface Herd extends HerdPlan {
  members: InventoryInstance[]
  /** Ids of those that took writes when they were last seen. */
  primaries: Set<string>
}
interface Server extends ServerPlan {
  address: HostAddress
  instances: InventoryInstance[]
}

const lookTimeoutMs = 5000
/** Instances looked at in the same moment, on hosts that answer. */
const looksMax = 64
/** Hosts asked in the same moment whether they answer. One that is silent for a second costs nothing but its socket, and no longer counts. */
const asksMax = 24
const silentMs = 1000

/** Looks at its share of the fleet, each part when it is due. */
export class Looks {
  private herds = new Map<string, Herd>()
  private servers = new Map<string, Server>()
  /** ms; null: nothing has been loaded yet. */
  private roundMs: number | null = null
  private utilization = performance.eventLoopUtilization()
  private looks = 0
  private asks = 0
  private readonly running = new Set<Promise<void>>()
  private readonly pace: number
  private readonly sizes: ReturnType<typeof makeSizeLooks>
  private readonly settings: ReturnType<typeof makeSettingLooks>
  private readonly health: ReturnType<typeof makeHealthLooks>
  private readonly statements: ReturnType<typeof makeStatementLooks>
  private readonly sampler: ReturnType<typeof makeSampler>

  constructor(
    private readonly options: LooksOptions,
    private readonly signal: AbortSignal,
  ) {
    this.pace = options.pace ?? 1
    this.sizes = makeSizeLooks(options.databaseBytes)
    this.settings = makeSettingLooks(options.serverSettings)
    this.health = makeHealthLooks(options.health)
    this.statements = makeStatementLooks(options.statements)
    this.sampler = makeSampler({ counters: options.counters, log: options.log })
  }

  /** What was being looked at stays so; what is new or was changed by a person is due at once. */
  async load(share: ObserverShare): Promise<void> {
    const { inventory } = this.options
    const found = await Promise.all(share.instances.map(({ id }) => inventory.instance(id).catch(missing)))
    const idle = await Promise.all(share.idleServers.map((id) => inventory.server(id).catch(missing)))
    const members = found.filter((one) => one !== null)
    const now = performance.now()
    const herds = new Map<string, Herd>()
    const servers = new Map<string, Server>()
    const serverAt = (serverId: string, address: HostAddress): Server => {
      const known = servers.get(serverId) ?? this.servers.get(serverId)
      const isSame = known !== undefined && JSON.stringify(known.address) === JSON.stringify(address)
      const server: Server = isSame ? known : { serverId, address, state: 'new', dueAt: now, failures: 0, isBusy: false, instances: [] }
      if (!servers.has(serverId)) server.instances = []
      servers.set(serverId, server)
      return server
    }
    for (const instance of members) {
      serverAt(instance.serverId, instance.address.host).instances.push(instance)
      const herd = herds.get(instance.herdId) ?? {
        ...(this.herds.get(instance.herdId) ?? { herdId: instance.herdId, dueAt: now, wholeAt: now, isBusy: false, primaries: new Set() }),
        members: [],
      }
      herd.members.push(instance)
      herds.set(instance.herdId, herd)
    }
    for (const [herdId, herd] of herds) {
      const known = this.herds.get(herdId)
      if (!known) continue
      // The same object, so that a look under way is not started twice.
      if (idsOf(known) !== idsOf(herd)) hasten(known, now)
      known.members = herd.members
      herds.set(herdId, known)
    }
    for (const server of idle) if (server) serverAt(server.id, server.address)
    this.herds = herds
    this.servers = servers
    this.roundMs ??= firstRoundMs(members.length)
    const known = new Set(members.map(({ id }) => id))
    this.sizes.load(known)
    this.settings.load(known)
    this.statements.load(known, share.withoutStatements)
    this.health.load(known, share.withoutHealth)
    this.sampler.load([...known, ...servers.keys()], share.unsampled)
  }

  /** Once a second. */
  measure(): void {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.utilization)
    this.utilization = now
    if (this.roundMs !== null) this.roundMs = nextRoundMs(this.roundMs, utilization)
  }

  tick(): void {
    if (this.signal.aborted) return
    const now = performance.now()
    for (const server of due(this.servers.values(), now, asksMax - this.asks)) this.run(this.ask(server))
    let room = looksMax - this.looks
    for (const herd of due(this.herds.values(), now, room)) {
      if (room <= 0) break
      room -= herd.wholeAt <= now ? herd.members.length : herd.primaries.size
      this.run(this.lookAt(herd))
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.running)
    await this.sampler.close()
  }

  private run(work: Promise<void>): void {
    const guarded = work.catch((err: unknown) => {
      if (!this.signal.aborted) this.options.log.error({ err }, 'the observer stumbled')
    })
    this.running.add(guarded)
    void guarded.then(() => this.running.delete(guarded))
  }

  /** Asks a host whether it answers, and for its own facts. When it does, what is on it is looked at at once; when not, all of that is written down. */
  private async ask(server: Server): Promise<void> {
    const { hostFacts, sink } = this.options
    server.isBusy = true
    this.asks += 1
    let counts = true
    const leave = () => {
      if (counts) this.asks -= 1
      counts = false
    }
    const silence = setTimeout(leave, silentMs)
    const at = new Date().toISOString()
    try {
      const directories = [...new Set(server.instances.map(({ address }) => address.dataDirectory))]
      const ports = [...new Set(server.instances.map(({ address }) => address.port))]
      const facts = await hostFacts(server.address, directories, { timeoutMs: lookTimeoutMs, signal: this.signal, ports })
      sink.addHost({ serverId: server.serverId, at, fault: null, because: facts.away?.because ?? null, facts })
      this.sampler.addHost(server.serverId, facts)
      if (server.state !== 'up') this.hurry(server)
      server.state = 'up'
      server.failures = 0
      server.dueAt = performance.now() + hostFactsEveryMs
    } catch (error) {
      if (this.signal.aborted) return
      const fault = error instanceof Fault ? error : new Fault('internal.bug', {}, { cause: error })
      if (!fault.code.startsWith('shell.')) throw fault
      const hostFault: HostFault = { code: fault.code, offeredKey: typeof fault.facts.offered === 'string' ? fault.facts.offered : null }
      this.setDown(server)
      sink.addHost({ serverId: server.serverId, at, fault: hostFault, because: fault.message })
      const isSilent = fault.code === 'shell.unreachable' || fault.code === 'shell.timeout'
      const probe = { state: isSilent ? ('unreachable' as const) : ('unknown' as const), because: fault.message, observedAt: at, hostFault }
      for (const { id } of server.instances) sink.add({ instanceId: id, probe, source: 'observer' })
    } finally {
      clearTimeout(silence)
      leave()
      server.isBusy = false
    }
  }

  private setDown(server: Server): void {
    server.state = 'down'
    server.failures += 1
    server.dueAt = performance.now() + backOff(server.failures, Math.random()) * this.pace
  }

  private hurry(server: Server): void {
    for (const { herdId } of server.instances) {
      const herd = this.herds.get(herdId)
      if (herd) hasten(herd, performance.now())
    }
  }

  /**
   * All members in the same moment, so that their positions can be compared; in between the primary alone, and all at once where it is none any more. Those on
   * hosts that do not answer are left to `ask`.
   */
  private async lookAt(herd: Herd): Promise<void> {
    const { probe, sink } = this.options
    herd.isBusy = true
    const isWhole = herd.wholeAt <= performance.now()
    if (isWhole) herd.wholeAt = performance.now() + this.pace * this.roundMs! * (0.97 + Math.random() * 0.06)
    const up = herd.members.filter(({ serverId }) => this.servers.get(serverId)?.state === 'up')
    const members = isWhole ? up : up.filter(({ id }) => herd.primaries.has(id))
    this.looks += members.length
    try {
      await Promise.all(
        members.map(async (member) => {
          const seen = await probe(member.address, { timeoutMs: lookTimeoutMs, signal: this.signal })
          sink.add({ instanceId: member.id, probe: seen, source: 'observer' })
          const isPrimary = seen.state === 'online' && seen.role === 'primary'
          if (isPrimary) herd.primaries.add(member.id)
          else if (herd.primaries.delete(member.id)) hasten(herd, performance.now())
          const sized = seen.state === 'online' ? this.sizes.offer(member, this.signal) : null
          if (sized) this.run(sized)
          const sampled = seen.state === 'online' ? this.sampler.offer(member, this.signal) : null
          if (sampled) this.run(sampled)
          const configured = seen.state === 'online' ? this.settings.offer(member, seen, this.signal) : null
          if (configured) this.run(configured)
          const counted = seen.state === 'online' ? this.statements.offer(member, this.signal) : null
          if (counted) this.run(counted)
          const examined = seen.state === 'online' ? this.health.offer(member, this.signal) : null
          if (examined) this.run(examined)
          const server = this.servers.get(member.serverId)
          // The first that finds its host gone has it asked again now: that says the same of everything else on it.
          if (seen.hostFault && server?.state === 'up') {
            server.state = 'down'
            server.dueAt = performance.now()
          }
        }),
      )
    } finally {
      this.looks -= members.length
      herd.isBusy = false
      herd.dueAt = nextLook(herd.wholeAt, performance.now(), herd.primaries.size, this.pace)
    }
  }
}

const hasten = (herd: Herd, now: number): void => {
  herd.wholeAt = now
  herd.dueAt = now
}

const idsOf = (herd: Herd): string =>
  herd.members
    .map(({ id, address }) => `${id} ${address.port} ${address.dataDirectory} ${address.host.hostKey}`)
    .sort()
    .join()

/** Deleted between the two questions. */
const missing = (error: unknown): null => {
  if (error instanceof Fault && error.code === 'record.missing') return null
  throw error
}
