import type { StackDrift } from '@/lib/domain/stack/drift'
import type { EtcdSeenMember } from '@/lib/domain/stack/etcd-moves'
import type { Stack, StackPart } from '@/lib/domain/stack/stack'
import type { HostAddress, InventoryServer, StackCluster, StackHostSeen } from '@/lib/ports'
import type { Plain } from '../facts/instance'

export const lookTimeoutMs = 20_000

export type BuildHost = {
  name: string
  server: Plain<InventoryServer>
  seen: Plain<StackHostSeen> | null
  /** Why it was not seen; null: it was. */
  because: string | null
}

/** A server that loses parts. `server` null: it is not registered any more. */
export type BuildLeaver = {
  name: string
  address: string
  parts: StackPart[]
  server: Plain<InventoryServer> | null
  /** Why nothing can be done on it; null: it answers. */
  because: string | null
}

export type BuildFacts = {
  declared: {
    id: string
    title: string
    environmentId: string
    environmentName: string
    isBuilt: boolean
    file: string
    builtFile: string | null
  }
  /** null: the cluster file cannot be followed, and `problems` says why. */
  stack: Plain<Stack> | null
  problems: string[]
  /** As it was built; null: it was not. */
  before: Plain<Stack> | null
  hosts: BuildHost[]
  leaving: BuildLeaver[]
  /** Of a cluster that was built, as Patroni says; null: none answers. */
  cluster: Plain<StackCluster> | null
  /** Of a cluster that was built; null: no etcd answers. */
  etcd: Plain<EtcdSeenMember>[] | null
  /** Of a cluster that was built: files that are not as declared. */
  drift: Plain<StackDrift>[]
  /** A herd of its name that is another cluster. */
  otherHerd: string | null
}

/** Of a server of the file, or of one that leaves and is still registered. */
export const addressOf = ({ hosts, leaving }: BuildFacts, name: string): HostAddress =>
  (hosts.find((one) => one.name === name) ?? leaving.find((one) => one.name === name))!.server!.address

/** Once the gates have passed there is one. */
export const stackIn = ({ stack }: BuildFacts): Stack => stack as Stack

/** As it was built, where it was. */
export const builtIn = ({ before }: BuildFacts): Stack => before as Stack

/** Those that leave a part and answer. */
export const leaversOf = ({ leaving }: BuildFacts, part?: StackPart): BuildLeaver[] =>
  leaving.filter(({ because, parts }) => because === null && (part === undefined || parts.includes(part)))

/** It runs on that server since an earlier build. */
export const wasThere = ({ before }: BuildFacts, name: string, part: StackPart): boolean =>
  before?.servers.some((one) => one.name === name && one.parts.includes(part)) === true
