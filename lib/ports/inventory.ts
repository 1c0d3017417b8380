import type { DeclaredName } from '@/lib/domain/dns-wanted'
import type { HostAddress, InstanceAddress } from './addresses'
import type { ZoneAddress } from './names'

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

/** A DNS name that follows members of a herd. `title` is the whole name. */
export interface InventoryName extends DeclaredName {
  id: string
  environmentId: string
  environmentName: string
  herdId: string
  herdName: string
  zone: ZoneAddress
}

export interface InventoryZone {
  id: string
  title: string
  environmentId: string
  environmentName: string
  address: ZoneAddress
}

/** What the console's own database knows; read-only. Throws `record.missing`. */
export interface InventoryRead {
  instance: (id: string) => Promise<InventoryInstance>
  /** The herd's members, this one included, ordered by title. */
  herdInstances: (herdId: string) => Promise<InventoryInstance[]>
  server: (id: string) => Promise<InventoryServer>
  name: (id: string) => Promise<InventoryName>
  /** The names that follow members of the herd, ordered by title and type. */
  herdNames: (herdId: string) => Promise<InventoryName[]>
  zone: (id: string) => Promise<InventoryZone>
}
