import type { ActPorts, EndpointSource, SomePorts } from '@/lib/ports'
import type { StackStore } from '@/lib/ports/stacks'
import { makeCanary, type ShowStrip } from './canary'
import { makeClusters } from './clusters'
import { makeCopies } from './copies'
import { carryHere, startCarrier } from './copies/carrier'
import { makeDrill } from './drill'
import { withEndpoints } from './endpoints'
import { endpointHosts } from './endpoints/hosts'
import { endpointProbe } from './endpoints/probe'
import { makeEtcd } from './etcd'
import { makeProxies } from './haproxy'
import { makeHealth } from './health'
import { type Hosts, makeHosts } from './hosts'
import { makeHostWork } from './hosts/host-work'
import { makeMaintenance } from './maintenance'
import { makePoolers } from './poolers'
import { makePostgres } from './postgres'
import { makeScripts } from './scripts'
import type { Ssh } from './ssh'
import { makeStacks } from './stacks'

/** What SSH does not reach: the console's own records of the fleet, DNS, the cloud, and endpoints of databases. */
export interface BesideSsh {
  read: Pick<ActPorts['read'], 'inventory' | 'names' | 'cloud'>
  act: Pick<ActPorts['act'], 'inventory' | 'names' | 'cloud'>
  /** What the console keeps of declared clusters. */
  stacks: StackStore
  /** Where ledgers of canaries and drills lie, for this user alone. */
  canaryFolder: string
  showStrip?: ShowStrip
  /** Left out: there are none. */
  endpoints?: EndpointSource
  /** Scripts of the worker’s own host. Left out: there are none. */
  scripts?: SomePorts<'scripts'>
  /** The command of a process that calls `serveCarrier`: what copies move between hosts goes through that one. Left out: through this one. */
  carrier?: readonly string[]
}

export interface PortsOverSsh {
  ports: ActPorts
  /** Beyond what operations see: the facts of a host, for the observer. */
  hosts: Hosts
  /** Ends what runs over `ssh`; `ssh` itself is the caller's to close. */
  close: () => Promise<void>
}

/** The real adapters. Connects to nothing yet. */
export const makePortsOverSsh = (given: Ssh, beside: BesideSsh): PortsOverSsh => {
  const { endpoints } = beside
  const ssh = endpoints ? withEndpoints(given, endpoints) : given
  const hosts = endpoints ? endpointHosts(makeHosts(ssh), endpoints) : makeHosts(ssh)
  const clusters = makeClusters(ssh)
  const postgres = makePostgres(ssh)
  const maintenance = makeMaintenance(ssh)
  const poolers = makePoolers(ssh)
  const stacks = makeStacks(ssh, beside.stacks)
  const work = makeHostWork(ssh)
  const carrier = beside.carrier ? startCarrier(ssh.logins, beside.carrier) : carryHere(ssh)
  const copies = makeCopies(ssh, work, carrier)
  const etcd = makeEtcd(ssh)
  const scripts = beside.scripts ?? makeScripts(null)
  const canary = makeCanary(ssh, beside.canaryFolder, beside.showStrip)
  const drill = makeDrill(ssh, beside.canaryFolder, beside.showStrip)
  return {
    ports: {
      read: {
        ...beside.read,
        hosts: hosts.read,
        work: work.read,
        clusters: clusters.read,
        postgres: endpoints ? { ...postgres.read, probe: endpointProbe(postgres.read.probe, endpoints) } : postgres.read,
        activity: postgres.activity.read,
        serverLog: postgres.serverLog,
        serverSettings: postgres.serverSettings.read,
        statements: postgres.statements,
        health: makeHealth(ssh),
        maintenance: maintenance.read,
        readers: postgres.readers.read,
        replication: postgres.replication.read,
        copies: copies.read,
        canary: canary.read,
        drill: drill.read,
        poolers: poolers.read,
        etcd: etcd.read,
        proxies: makeProxies(ssh),
        stacks: stacks.read,
        ...scripts.read,
        now: () => new Date(),
      },
      act: {
        ...beside.act,
        hosts: hosts.act,
        work: work.act,
        clusters: clusters.act,
        postgres: postgres.act,
        activity: postgres.activity.act,
        maintenance: maintenance.act,
        readers: postgres.readers.act,
        serverSettings: postgres.serverSettings.act,
        replication: postgres.replication.act,
        copies: copies.act,
        canary: canary.act,
        drill: drill.act,
        poolers: poolers.act,
        etcd: etcd.act,
        stacks: stacks.act,
        ...scripts.act,
      },
    },
    hosts,
    close: async () => {
      await Promise.all([canary.close(), drill.close()])
      carrier.close()
      postgres.close()
      poolers.close()
    },
  }
}
