import type { InventoryBlueprint, LaunchedGroup, LaunchedMachine, LaunchedVolume } from '@/lib/ports'

/** Why a server does not start whose configuration went with its machine. */
export const unconfigured = 'it has no configuration on this host'

export interface MemoryLaunchedMachine extends LaunchedMachine {
  /** What the state becomes, and when. */
  next: { state: string; atMs: number } | null
  /** Of the host that it is; null: it was given no name. */
  hostname: string | null
  groupIds: readonly string[]
}

export interface MemoryLaunchedVolume extends LaunchedVolume {
  /** The host, by name, on which it was mounted last: whose instances lie on it. */
  from?: string
}

/** What was launched in one account, and the blueprints that it can be launched from. */
export interface MemoryLaunches {
  blueprints: Map<string, InventoryBlueprint>
  machines: Map<string, MemoryLaunchedMachine>
  volumes: Map<string, MemoryLaunchedVolume>
  groups: Map<string, LaunchedGroup>
  /** Machine by the token of its request, with the request itself. */
  tokens: Map<string, { id: string; print: string }>
  /** Hosts whose volume is formatted and mounted, by name. */
  mounted: Map<string, string>
  /** Roles in the passfile that is kept beside the data of an instance. */
  passfiles: Map<string, Set<string>>
}

export const noLaunches = (): MemoryLaunches => ({
  blueprints: new Map(),
  machines: new Map(),
  volumes: new Map(),
  groups: new Map(),
  tokens: new Map(),
  mounted: new Map(),
  passfiles: new Map(),
})
