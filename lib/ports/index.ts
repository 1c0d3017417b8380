import type { ActivityAct, ActivityRead } from './activity'
import type { CanaryAct, CanaryRead } from './canary'
import type { CloudAct, CloudRead } from './cloud'
import type { ClustersAct, ClustersRead } from './clusters'
import type { CopiesAct, CopiesRead } from './copies'
import type { DrillAct, DrillRead } from './drill'
import type { EtcdAct, EtcdRead } from './etcd'
import type { HealthRead } from './health'
import type { HostWorkAct, HostWorkRead } from './host-work'
import type { HostsAct, HostsRead } from './hosts'
import type { InventoryAct, InventoryRead } from './inventory'
import type { MaintenanceAct, MaintenanceRead } from './maintenance'
import type { NamesAct, NamesRead } from './names'
import type { PoolersAct, PoolersRead } from './poolers'
import type { PostgresAct, PostgresRead } from './postgres'
import type { ProxiesRead } from './proxies'
import type { ReadersAct, ReadersRead } from './readers'
import type { ReplicationAct, ReplicationRead } from './replication'
import type { ScriptsAct, ScriptsRead } from './scripts'
import type { ServerLogRead } from './server-log'
import type { ServerSettingsAct, ServerSettingsRead } from './server-settings'
import type { StacksAct, StacksRead } from './stacks'
import type { StatementsRead } from './statements'

export type { ActivityAct, ActivityRead } from './activity'
export type { HostAddress, InstanceAddress } from './addresses'
export type { BackupSpec, BackupsSeen, RestoreSpec } from './backups'
export type {
  BlueprintsAct,
  BlueprintsRead,
  InventoryBlueprint,
  LaunchChoice,
  LaunchedBlueprint,
  MovedMembers,
  NewLaunch,
  NewStandby,
} from './blueprints'
export type { CanaryAct, CanaryDoor, CanaryEndpoint, CanaryOptions, CanaryPooler, CanaryRead } from './canary'
export type { CloudAct, CloudDeed, CloudRead, MachineNow, MachinePlace } from './cloud'
export type { CloudAction, TriedOn } from './cloud-rights'
export { cloudActions, launchActions, rdsActions } from './cloud-rights'
export type { ClusterSite, ClusterSpec, ClustersAct, ClustersRead, ServersInstalled } from './clusters'
export type { CopiesAct, CopiesRead, CopySeen, CopySight, CopySpec, DataPlace } from './copies'
export type { DrillAct, DrillDatabase, DrillLoad, DrillPort, DrillProcess, DrillProgram, DrillRead, DrillWay } from './drill'
export { drillDatabase } from './drill'
export type { EndpointSource } from './endpoints'
export type { EtcdAct, EtcdPlace, EtcdRead, EtcdSnapshot } from './etcd'
export type { HealthRead } from './health'
export type { HostWorkAct, HostWorkRead, HostWorkSeen } from './host-work'
export type {
  CommandOptions,
  CommandResult,
  FoundPooler,
  HostCheckStep,
  HostFacts,
  HostsAct,
  HostsRead,
  JsonBody,
  PatroniAnswer,
  PatroniLeader,
  PatroniRequest,
  ServerRole,
} from './hosts'
export type { InPlaceAct, InPlaceAnswer, InPlaceDone, InPlaceRead, InPlaceSpec } from './in-place'
export type {
  ClusterStanding,
  HerdStanding,
  InventoryAct,
  InventoryCloudAccount,
  InventoryDnsEntry,
  InventoryHerd,
  InventoryHook,
  InventoryInstance,
  InventoryMachine,
  InventoryName,
  InventoryPooler,
  InventoryRead,
  InventoryServer,
  InventoryWholeMachine,
  InventoryZone,
  MemberStanding,
  NewCluster,
  NewMember,
  Replacement,
} from './inventory'
export type {
  GroupSpec,
  Launched,
  LaunchedGroup,
  LaunchedMachine,
  LaunchedVolume,
  LaunchImage,
  LaunchPlace,
  LaunchRule,
  MachineSpec,
  Tags,
} from './launches'
export type { Chosen, Maintained, MaintenanceAct, MaintenanceOptions, MaintenanceRead, MaintenanceSight } from './maintenance'
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
  DeadManAnswer,
  DeadManArming,
  DeadManExtension,
  DeadManMember,
  DeadManSeen,
  DeadManSpec,
  DeadManTrial,
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
export type { ProxiesRead } from './proxies'
export type { DbClass, DbDeed, DbFigures, DbInstanceSeen, RdsAct, RdsRead } from './rds'
export type { ReaderFiles, ReaderLogin, ReaderRole, ReadersAct, ReadersRead } from './readers'
export type { DataDirectorySeen, Following, Fork, ReplicationAct, ReplicationAnswer, ReplicationRead } from './replication'
export type { ScriptOptions, ScriptResult, ScriptsAct, ScriptsRead } from './scripts'
export { scriptOutputBytes } from './scripts'
export type { ServerLogRead } from './server-log'
export type { ServerSettingsAct, ServerSettingsRead } from './server-settings'
export type {
  DeclaredStack,
  StackCluster,
  StackDoor,
  StackEtcdChange,
  StackEtcdMember,
  StackHostSeen,
  StackKeysWanted,
  StackLook,
  StackMember,
  StacksAct,
  StacksRead,
  StackTlsDoor,
  StackVolume,
} from './stacks'
export type { StatementsRead } from './statements'

/** Ports that only read. Plan mode is given only these. */
export interface ReadPorts {
  inventory: InventoryRead
  hosts: HostsRead
  work: HostWorkRead
  clusters: ClustersRead
  postgres: PostgresRead
  activity: ActivityRead
  serverLog: ServerLogRead
  serverSettings: ServerSettingsRead
  statements: StatementsRead
  health: HealthRead
  maintenance: MaintenanceRead
  names: NamesRead
  readers: ReadersRead
  replication: ReplicationRead
  copies: CopiesRead
  canary: CanaryRead
  drill: DrillRead
  poolers: PoolersRead
  etcd: EtcdRead
  proxies: ProxiesRead
  stacks: StacksRead
  cloud: CloudRead
  scripts: ScriptsRead
  now: () => Date
}

/** Ports that read, and ports that change something: code that only looks takes `read` and cannot act; guards wrap `act` alone. */
export interface ActPorts {
  read: ReadPorts
  act: {
    inventory: InventoryAct
    hosts: HostsAct
    work: HostWorkAct
    clusters: ClustersAct
    postgres: PostgresAct
    activity: ActivityAct
    maintenance: MaintenanceAct
    names: NamesAct
    readers: ReadersAct
    serverSettings: ServerSettingsAct
    replication: ReplicationAct
    copies: CopiesAct
    canary: CanaryAct
    drill: DrillAct
    poolers: PoolersAct
    etcd: EtcdAct
    stacks: StacksAct
    cloud: CloudAct
    scripts: ScriptsAct
  }
}

/** Some of the pairs, for what needs no more. */
export interface SomePorts<Name extends keyof ActPorts['act']> {
  read: Pick<ActPorts['read'], Name>
  act: Pick<ActPorts['act'], Name>
}

/** The same ports, each as `change` makes it; what is no port (the clock) stays as it is. */
export const eachPort = <Ports extends object>(ports: Ports, change: (port: object, name: string) => object): Ports =>
  Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, typeof port === 'object' ? change(port as object, name) : port]),
  ) as Ports
