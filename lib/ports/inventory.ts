import type { HostAddress, InstanceAddress } from './addresses'

/** The registered side of an instance, as operations need it. */
export interface InventoryInstance {
  id: string
  title: string
  environmentId: string
  environmentName: string
  herdId: string
  herdName: string
  serverId: string
  systemIdentifier: string | null
  address: InstanceAddress
}

export interface InventoryServer {
  id: string
  title: string
  environmentId: string
  environmentName: string
  profile: string
  address: HostAddress
}

/** What the console's own database knows; read-only. Throws `record.missing`. */
export interface InventoryRead {
  instance: (id: string) => Promise<InventoryInstance>
  /** The herd's members, this one included, ordered by title. */
  herdInstances: (herdId: string) => Promise<InventoryInstance[]>
  server: (id: string) => Promise<InventoryServer>
}
