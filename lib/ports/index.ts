import type { CopiesAct, CopiesRead } from './copies'
import type { HostWorkAct, HostWorkRead } from './host-work'
import type { HostsAct, HostsRead } from './hosts'
import type { InventoryAct, InventoryRead } from './inventory'
import type { NamesAct, NamesRead } from './names'
import type { PoolersAct, PoolersRead } from './poolers'
import type { PostgresAct, PostgresRead } from './postgres'
import type { ReplicationAct, ReplicationRead } from './replication'

export type { HostAddress, InstanceAddress } from './addresses'
export type { CopiesAct, CopiesRead, CopyOrder, CopySeen, CopySight, DataPlace } from './copies'
export type { HostWorkAct, HostWorkRead, HostWorkSeen } from './host-work'
export type { CommandOptions, CommandResult, HostCheckStep, HostFacts, HostsAct, HostsRead } from './hosts'
export type {
  HerdStanding,
  InventoryAct,
  InventoryInstance,
  InventoryName,
  InventoryPooler,
  InventoryRead,
  InventoryServer,
  InventoryZone,
  MemberStanding,
  Replacement,
} from './inventory'
export type {
  NameAnswer,
  NameChange,
  NameOptions,
  NamesAct,
  NamesRead,
  RecordSet,
  RecordType,
  ZoneAddress,
  ZoneCheckStep,
} from './names'
export type {
  PooledDatabase,
  PoolerAddress,
  PoolerClient,
  PoolerFile,
  PoolerSeen,
  PoolerState,
  PoolerStats,
  PoolersAct,
  PoolersRead,
  PoolerVerb,
  PoolerWrite,
  PoolMode,
} from './poolers'
export type {
  CallOptions,
  ExecuteOptions,
  FileSettingProblem,
  InstanceRole,
  InstanceState,
  PostgresAct,
  PostgresRead,
  Probe,
  SettingsSeen,
  SqlGrid,
  SqlOptions,
  StandbySeen,
  StopMode,
  TransactionFate,
} from './postgres'
export type { DataDirectorySeen, Following, Fork, ReplicationAct, ReplicationAnswer, ReplicationRead } from './replication'

/** The world, to look at. Plan mode is given only this. */
export interface ReadPorts {
  inventory: InventoryRead
  hosts: HostsRead
  work: HostWorkRead
  postgres: PostgresRead
  names: NamesRead
  replication: ReplicationRead
  poolers: PoolersRead
  copies: CopiesRead
  now: () => Date
}

/** The world, to act on. */
export interface ActPorts extends ReadPorts {
  hostsAct: HostsAct
  workAct: HostWorkAct
  postgresAct: PostgresAct
  namesAct: NamesAct
  replicationAct: ReplicationAct
  poolersAct: PoolersAct
  copiesAct: CopiesAct
  inventoryAct: InventoryAct
}
