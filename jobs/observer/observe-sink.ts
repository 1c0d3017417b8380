import { keepFoundPoolers } from '@/db/discovery/discovered-poolers'
import { type StoredCheck, writeChecks } from '@/db/fleet/checks'
import { keepManagers } from '@/db/fleet/managers'
import { type HostLook, type Look, writeHosts, writeProbes } from '@/db/fleet/observations'
import type { ActPorts } from '@/lib/ports'
import type { Log } from '../queue/log'

/** Gathers looks and writes them together. Adding never waits and never throws; while the database is away the newest look at each thing is kept. */
export interface FactSink {
  add: (look: Look) => void
  addHost: (look: HostLook) => void
  addCheck: (serverId: string, check: StoredCheck) => void
  /** Writes what is there. */
  close: () => Promise<void>
}

const batchMs = 120
const batchMax = 200
const retryMs = 1000

export const makeFactSink = (log: Log): FactSink => {
  const looks = new Map<string, Look>()
  const hosts = new Map<string, HostLook>()
  const checks = new Map<string, StoredCheck>()
  let writing: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null
  let isFailing = false

  const isNewer = (look: { observedAt: string } | undefined, than: { observedAt: string }) => !look || look.observedAt <= than.observedAt
  const keep = (look: Look) => {
    if (isNewer(looks.get(look.instanceId)?.probe, look.probe)) looks.set(look.instanceId, look)
  }
  const keepHost = (look: HostLook) => {
    const known = hosts.get(look.serverId)
    if (!known || known.at <= look.at) hosts.set(look.serverId, { ...look, facts: look.facts ?? known?.facts })
  }
  const left = () => looks.size + hosts.size + checks.size
  const takeSome = <T>(from: Map<string, T>): T[] => {
    const some = [...from.entries()].slice(0, batchMax)
    for (const [key] of some) from.delete(key)
    return some.map(([, value]) => value)
  }

  const writeSome = async (): Promise<void> => {
    const [someLooks, someHosts, someChecks] = [takeSome(looks), takeSome(hosts), new Map(checks)]
    checks.clear()
    try {
      await writeHosts(someHosts)
      await keepFoundPoolers(someHosts.map(({ serverId, facts }) => ({ serverId, poolers: facts?.poolers ?? [] })))
      await keepManagers(someHosts.map(({ serverId, at, facts }) => ({ serverId, at, seen: facts?.managers ?? null, isExact: true })))
      await writeProbes(someLooks)
      await writeChecks(someChecks)
      if (isFailing) log.info({}, 'facts are written again')
      isFailing = false
    } catch (err) {
      if (!isFailing) log.warn({ err }, 'facts could not be written; the newest are kept')
      isFailing = true
      for (const look of someLooks) if (!looks.has(look.instanceId)) looks.set(look.instanceId, look)
      for (const look of someHosts) if (!hosts.has(look.serverId)) hosts.set(look.serverId, look)
      for (const [id, check] of someChecks) if (!checks.has(id)) checks.set(id, check)
    }
  }
  const writeAll = async (): Promise<void> => {
    do await writeSome()
    while (left() > 0 && !isFailing)
  }
  const later = (): void => {
    if (timer || writing) return
    timer = setTimeout(
      () => {
        timer = null
        writing = writeAll().finally(() => {
          writing = null
          if (left() > 0) later()
        })
      },
      isFailing ? retryMs : batchMs,
    )
  }
  return {
    add: (look) => {
      keep(look)
      later()
    },
    addHost: (look) => {
      keepHost(look)
      later()
    },
    addCheck: (serverId, check) => {
      checks.set(serverId, check)
      later()
    },
    close: async () => {
      await writing
      if (timer) clearTimeout(timer)
      timer = null
      if (left() > 0) await writeAll()
      if (timer) clearTimeout(timer)
    },
  }
}

/** The same ports; each probe that an operation or a plan makes becomes a fact as well, so that its result shows at once, and each check stays with its server. */
export const withFacts = ({ read, act }: ActPorts, sink: FactSink): ActPorts => ({
  act,
  read: {
    ...read,
    hosts: {
      ...read.hosts,
      check: async (host, options) => {
        const steps = await read.hosts.check(host, options)
        sink.addCheck(host.serverId, { at: read.now().toISOString(), steps })
        return steps
      },
    },
    postgres: {
      ...read.postgres,
      probe: async (instance, options) => {
        const probe = await read.postgres.probe(instance, options)
        sink.add({ instanceId: instance.instanceId, probe, source: 'operation' })
        return probe
      },
    },
  },
})
