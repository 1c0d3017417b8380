import type { ManagedBy } from '@/lib/domain/managers/manager'
import { describeOperation } from '@/lib/kernel/operation/describe-operation'
import type { Operation, OperationDescription } from '@/lib/kernel/operation/operation'
import { adopt } from './adopt'
import { backUp } from './backups/back-up'
import { restore } from './backups/restore'
import { checkServer } from './check-server'
import { checkZone } from './check-zone'
import { checkpoint } from './checkpoint'
import { create } from './create'
import { demote } from './demote'
import { drill } from './drill'
import { dropSlot } from './drop-slot'
import { failover } from './failover'
import { followLeader } from './follow-leader'
import { launchHerd } from './launch'
import { replaceMachine } from './launch/replace'
import { resumeHerd, stopHerd } from './launch/rest'
import { launchStandby } from './launch/standby'
import { tearDown } from './launch/tear-down'
import { leaveNames } from './leave-names'
import { reboot as rebootMachine, start as startMachine, stop as stopMachine } from './machines'
import { rebootOwnHost } from './machines/host'
import { rollingReboot } from './machines/rolling'
import { analyze, vacuum } from './maintenance'
import { dropInvalidIndexes, reindex } from './maintenance/indexes'
import { setParameters } from './parameters'
import { setHerdParameters } from './parameters/herd'
import { patroniSwitchover } from './patroni'
import { patroniConfigure } from './patroni/configure'
import { etcdDefragment } from './patroni/etcd/defragment'
import { etcdDisarm } from './patroni/etcd/disarm'
import { etcdSnapshot } from './patroni/etcd/snapshot'
import { patroniPause, patroniResume } from './patroni/pause'
import { patroniReinitialize } from './patroni/reinitialize'
import { patroniReload } from './patroni/reload'
import { patroniRestart } from './patroni/restart'
import { patroniZeroGap } from './patroni/zero-gap'
import { drainPooler, pausePooler, reloadPoolerConfig, resumePooler } from './poolers'
import { followPrimary } from './poolers/follow'
import { promote } from './promote'
import { rdsPromote, rdsReboot, rdsStart, rdsStop } from './rds'
import { addReader } from './reader'
import { rebuild } from './rebuild'
import { refreshDns } from './refresh-dns'
import { rejoin } from './rejoin'
import { reload } from './reload'
import { repoint } from './repoint'
import { resize } from './resize'
import { resizeHerd } from './resize/herd'
import { restart } from './restart'
import { rollingRestart } from './rolling/restart'
import { runSql } from './run-sql'
import { cancelStatements, terminateSessions } from './sessions'
import { buildCluster } from './stack'
import { rotateCertificates } from './stack/certificates'
import { start } from './start'
import { stop } from './stop'
import { switchover } from './switchover'
import { testAccess } from './test-access'
import { upgradeMinor } from './upgrade'
import { rollingMinorUpgrade } from './upgrade/rolling'

/** Every operation, in the order menus show them. */
export const operations: readonly Operation[] = [
  start,
  stop,
  restart,
  patroniRestart,
  patroniReload,
  patroniReinitialize,
  rdsStart,
  rdsStop,
  rdsReboot,
  rdsPromote,
  reload,
  setParameters,
  checkpoint,
  vacuum,
  analyze,
  reindex,
  dropInvalidIndexes,
  runSql,
  cancelStatements,
  terminateSessions,
  addReader,
  repoint,
  promote,
  demote,
  rejoin,
  rebuild,
  backUp,
  restore,
  resize,
  rebootOwnHost,
  leaveNames,
  upgradeMinor,
  dropSlot,
  switchover,
  failover,
  rollingRestart,
  setHerdParameters,
  resizeHerd,
  rollingReboot,
  rollingMinorUpgrade,
  patroniZeroGap,
  patroniSwitchover,
  followLeader,
  drill,
  patroniPause,
  patroniResume,
  patroniConfigure,
  etcdSnapshot,
  etcdDefragment,
  etcdDisarm,
  create,
  adopt,
  buildCluster,
  rotateCertificates,
  launchHerd,
  launchStandby,
  stopHerd,
  resumeHerd,
  replaceMachine,
  tearDown,
  resumePooler,
  pausePooler,
  reloadPoolerConfig,
  drainPooler,
  followPrimary,
  checkServer,
  startMachine,
  stopMachine,
  rebootMachine,
  testAccess,
  refreshDns,
  checkZone,
]

const byName = new Map(operations.map((operation) => [operation.name, operation]))

/** undefined: no such operation. */
export const operationByName = (name: string): Operation | undefined => byName.get(name)

export const operationsOn = (resource: string): Operation[] => operations.filter((operation) => operation.on === resource)

/** Whether menus have it where these managers were found: what goes through one has no place without it. Of several, each may be the one that is meant. */
export const standsWith = ({ through }: Operation, managers: ReadonlySet<ManagedBy>): boolean =>
  through === undefined || managers.has(through) || managers.has('several')

export const operationDescriptions: readonly OperationDescription[] = operations.map(describeOperation)

export { describeOperation }
