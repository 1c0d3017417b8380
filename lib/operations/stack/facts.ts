import type { StackDrift } from '@/lib/domain/stack/drift'
import type { Stack } from '@/lib/domain/stack/stack'
import type { HostAddress, InventoryServer, StackHostSeen } from '@/lib/ports'
import type { Plain } from '../facts/instance'

export const lookTimeoutMs = 20_000

export type BuildHost = {
  name: string
  server: Plain<InventoryServer>
  seen: Plain<StackHostSeen> | null
  /** Why it was not seen; null: it was. */
  because: string | null
}

export type BuildFacts = {
  declared: { id: string; title: string; environmentId: string; environmentName: string; isBuilt: boolean }
  /** null: the cluster file cannot be followed, and `problems` says why. */
  stack: Plain<Stack> | null
  problems: string[]
  hosts: BuildHost[]
  /** Of a cluster that was built: files that are not as declared. */
  drift: Plain<StackDrift>[]
  /** A herd of its name that is another cluster. */
  otherHerd: string | null
}

export const addressOf = ({ hosts }: BuildFacts, name: string): HostAddress => hosts.find((one) => one.name === name)!.server.address

/** Once the gates have passed there is one. */
export const stackIn = ({ stack }: BuildFacts): Stack => stack as Stack
