import { quoteShell } from '../values/shell-quote'
import { type FoundManager, type ManagerKind, managerNames } from './manager'

/** What an operation would do to a server behind the back of its manager. */
export const managedDeeds = [
  'start',
  'stop',
  'restart',
  'reload',
  'promote',
  'demote',
  'rejoin',
  'rebuild',
  'restore',
  'repoint',
  'drop-slot',
  'create',
  'switchover',
  'failover',
  'edit-hba',
  'alter-system',
  'resize',
] as const
export type ManagedDeed = (typeof managedDeeds)[number]

/** What comes of it, and what to do in its place. Sentences; commands in backquotes. */
interface Way {
  comesOf: string
  instead: (manager: FoundManager) => string
}

/** `patronictl -c FILE VERB SCOPE …`, for a shell on the member's host. */
const patronictl = ({ configPath, cluster }: FoundManager, verb: string, ...rest: readonly string[]): string =>
  `\`${quoteShell(['patronictl', ...(configPath === null ? [] : ['-c', configPath]), verb, ...(cluster === null ? [] : [cluster]), ...rest])}\``
const named = (flag: string, value: string | null): string[] => (value === null ? [] : [flag, value])
const memberOf = ({ member }: FoundManager): string[] => (member === null ? [] : [member])
const leaderOf = ({ members }: FoundManager): string | null =>
  members.find(({ role }) => ['leader', 'master', 'primary'].includes(role))?.name ?? null

const patroni: Record<ManagedDeed, Way> = {
  start: {
    comesOf:
      'Patroni alone starts its server, as primary or standby as the DCS says; started without it, a former leader is a second primary.',
    instead: () => 'Start Patroni on its host (`systemctl start patroni`), or end a pause with `patronictl resume`.',
  },
  stop: {
    comesOf: 'Patroni would start it again, or promote another member.',
    instead: (one) =>
      `Stop Patroni on its host (\`systemctl stop patroni\`), which stops the server too, or pause it first with Pause Patroni or ${patronictl(one, 'pause', '--wait')}.`,
  },
  restart: {
    comesOf: 'Patroni would take the stop for a crash.',
    instead: (one) => `Use Restart through Patroni, or ${patronictl(one, 'restart', ...memberOf(one))}.`,
  },
  reload: {
    comesOf:
      'Patroni writes postgresql.conf from the DCS, and passes some settings on the command line: what was edited by hand is overridden.',
    instead: (one) =>
      `Change settings with Edit Patroni’s configuration or ${patronictl(one, 'edit-config')}, and reload with Reload through Patroni or ${patronictl(one, 'reload', ...memberOf(one))}.`,
  },
  promote: {
    comesOf: 'It would be a second primary beside the one that holds the leader key, and Patroni would demote it or rewind it.',
    instead: (one) =>
      `Use ${patronictl(one, 'switchover', ...named('--candidate', one.member))}, or ${patronictl(one, 'failover', ...named('--candidate', one.member))} where there is no leader.`,
  },
  demote: {
    comesOf: 'Patroni decides who is primary by the leader key in the DCS.',
    instead: (one) =>
      `Use ${patronictl(one, 'switchover', ...named('--leader', one.member))}, or ${patronictl(one, 'reinit', ...memberOf(one))}.`,
  },
  rejoin: {
    comesOf: 'Patroni makes a former primary follow the leader by itself, with pg_rewind where that is set up.',
    instead: (one) => `Start Patroni on its host (\`systemctl start patroni\`), or use ${patronictl(one, 'reinit', ...memberOf(one))}.`,
  },
  rebuild: {
    comesOf: 'Patroni would start a server on a directory that is only half there.',
    instead: (one) => `Use Reinitialise through Patroni, or ${patronictl(one, 'reinit', ...memberOf(one))}.`,
  },
  restore: {
    comesOf: 'Patroni would start a server on a directory that is only half there, and promote another member meanwhile.',
    instead: (one) =>
      `Stop Patroni on all members, remove the cluster from the DCS with ${patronictl(one, 'remove')}, and let it bootstrap from the backup with a custom method (\`bootstrap.method\`) that runs pgbackrest restore.`,
  },
  repoint: {
    comesOf: 'Patroni writes primary_conninfo itself: each standby follows the leader, or the member in its tag replicatefrom.',
    instead: (one) =>
      `Set \`tags: replicatefrom\` in ${one.configPath ?? 'its configuration'} and use ${patronictl(one, 'reload', ...memberOf(one))}.`,
  },
  'drop-slot': {
    comesOf: 'Patroni makes and drops the slots of its members, and makes this one again.',
    instead: (one) => `List permanent slots under \`slots\` with ${patronictl(one, 'edit-config')}.`,
  },
  create: {
    comesOf: 'Patroni makes the members of its cluster itself, and drops slots that it does not know.',
    instead: (one) =>
      `Set up Patroni on the server with the same scope${one.cluster === null ? '' : ` (${one.cluster})`} and DCS, and start it: it copies the leader.`,
  },
  switchover: {
    comesOf: 'Patroni would start the old primary again and demote the new one, which does not hold the leader key.',
    instead: (one) => `Use Switch over through Patroni, or ${patronictl(one, 'switchover', ...named('--leader', leaderOf(one)))}.`,
  },
  failover: {
    comesOf: 'Patroni fails over by itself, and would demote a primary that does not hold the leader key.',
    instead: (one) => `If it has no leader, use ${patronictl(one, 'failover')}; otherwise ${patronictl(one, 'switchover')}.`,
  },
  'edit-hba': {
    comesOf: 'Patroni may write pg_hba.conf itself, and lines that it does not know are lost.',
    instead: (one) =>
      `Add the lines to \`postgresql.pg_hba\` with ${patronictl(one, 'edit-config')} or in ${one.configPath ?? 'its configuration'}.`,
  },
  resize: {
    comesOf: 'Patroni would take the stop for a crash, or promote another member.',
    instead: (one) => `Pause it first with Pause Patroni or ${patronictl(one, 'pause', '--wait')}.`,
  },
  'alter-system': {
    comesOf:
      'Patroni passes some settings on the command line, where they override postgresql.auto.conf, and the other members would not get it.',
    instead: (one) => `Use Edit Patroni’s configuration, or ${patronictl(one, 'edit-config', '-p', 'NAME=VALUE')}.`,
  },
}

/** What its own tools do in place of each; the rest is done while it is told to leave the server alone. */
const otherWays = (
  comesOf: string,
  alone: (manager: FoundManager) => string,
  own: Partial<Record<ManagedDeed, (manager: FoundManager) => string>>,
): Record<ManagedDeed, Way> =>
  Object.fromEntries(managedDeeds.map((deed) => [deed, { comesOf, instead: own[deed] ?? alone }])) as Record<ManagedDeed, Way>

const withFile = (program: string, flag: string, file: string | null, ...rest: string[]): string =>
  `\`${quoteShell([program, ...(file === null ? [] : [flag, file]), ...rest])}\``
const repmgr = (one: FoundManager, ...rest: string[]) => withFile('repmgr', '-f', one.configPath, ...rest)
const autoctl = (one: FoundManager, ...rest: string[]) =>
  `\`${quoteShell(['pg_autoctl', ...rest, ...named('--pgdata', one.dataDirectory)])}\``

const ways: Readonly<Record<ManagerKind, Record<ManagedDeed, Way>>> = {
  patroni,
  repmgr: otherWays(
    'repmgrd would take a primary that is away for lost and promote another member, and keeps its own record of who follows whom.',
    (one) => `Use repmgr on its host, or pause repmgrd first: ${repmgr(one, 'service', 'pause')}.`,
    {
      switchover: (one) => `On the standby that is to take over: ${repmgr(one, 'standby', 'switchover')}.`,
      failover: (one) => `On the standby that is to take over: ${repmgr(one, 'standby', 'promote')}.`,
      promote: (one) => `Use ${repmgr(one, 'standby', 'promote')}.`,
      rejoin: (one) => `Use ${repmgr(one, 'node', 'rejoin')}.`,
      rebuild: (one) => `Use ${repmgr(one, 'standby', 'clone')}.`,
      repoint: (one) => `Use ${repmgr(one, 'standby', 'follow')}.`,
      create: (one) => `Use ${repmgr(one, 'standby', 'clone')} and ${repmgr(one, 'standby', 'register')} on the server.`,
    },
  ),
  pg_auto_failover: otherWays(
    'pg_autoctl keeps its server as the monitor has assigned it, and would undo this.',
    (one) => `Use pg_autoctl on its host, or take the node out first: ${autoctl(one, 'enable', 'maintenance')}.`,
    {
      switchover: (one) => `Use ${autoctl(one, 'perform', 'switchover')}.`,
      failover: (one) => `Use ${autoctl(one, 'perform', 'failover')}.`,
      promote: (one) => `Use ${autoctl(one, 'perform', 'promotion')}.`,
      create: (one) => `Use ${autoctl(one, 'create', 'postgres')} on the server.`,
    },
  ),
  pacemaker: otherWays(
    'Pacemaker’s resource agent starts, stops and promotes the server, and would undo this.',
    () => 'Use `pcs` or `crm` on a node, or put the resource into maintenance first (`pcs resource unmanage`).',
    {
      switchover: () => 'Use `pcs resource move`, and `pcs resource clear` after it.',
      failover: () => 'Use `pcs resource move`, and `pcs resource clear` after it.',
      restart: () => 'Use `pcs resource restart`.',
    },
  ),
  rds: otherWays(
    'AWS runs the server, and gives nobody a login to its host.',
    () => 'RDS does this itself or has no such thing; see its console, or `aws rds help`.',
    {
      start: () => 'Use Start through RDS, or `aws rds start-db-instance`.',
      stop: () => 'Use Stop through RDS, or `aws rds stop-db-instance`.',
      restart: () => 'Use Reboot through RDS, or `aws rds reboot-db-instance`.',
      promote: () => 'Use Promote through RDS, or `aws rds promote-read-replica`.',
      reload: () => 'Change its DB parameter group: RDS applies dynamic parameters by itself, others at a reboot.',
      'alter-system': () => 'Change its DB parameter group: RDS applies dynamic parameters by itself, others at a reboot.',
      'edit-hba': () => 'Change its security group, and grant rds_iam or a password to the role.',
      switchover: () =>
        'A Multi-AZ DB instance fails over at a reboot with `--force-failover`; a read replica is promoted with Promote through RDS.',
      failover: () => 'A Multi-AZ DB instance fails over by itself; otherwise promote a read replica with Promote through RDS.',
      create: () => 'Make a read replica: `aws rds create-db-instance-read-replica`.',
      rebuild: () => 'Delete the read replica and make another one: `aws rds create-db-instance-read-replica`.',
      restore: () => 'Use `aws rds restore-db-instance-to-point-in-time`, which makes another DB instance.',
      rejoin: () => 'RDS does not make a former primary follow: make another read replica with `aws rds create-db-instance-read-replica`.',
    },
  ),
}

/** What a manager does itself when it is asked through its own interface, so that it is not behind its back. */
export const isItsOwn = (kind: ManagerKind, deed: ManagedDeed): boolean => kind === 'rds' && deed === 'resize'

/**
 * Why these servers, alike in their manager, must not be touched behind its back, and what to do in its place: two or three sentences. `manager`: of one of
 * them; where there are more, it has no name of a member.
 */
export const wayThrough = (titles: readonly string[], deed: ManagedDeed, manager: FoundManager): string => {
  const { comesOf, instead } = ways[manager.kind][deed]
  const who = namesJoined(titles)
  const [isOrAre, belongs] = titles.length === 1 ? ['is', 'belongs'] : ['are', 'belong']
  if (manager.state === 'stopped') return `${who} ${belongs} to ${nameOf(manager)}, which is not running. ${whenStopped(manager)}`
  const by = `managed by ${nameOf(manager)}`
  const seen = manager.dataDirectory === null ? `${who} may be ${by}, which runs there` : `${who} ${isOrAre} ${by}`
  return `${seen}. ${comesOf} ${instead(manager)}`
}

const namesJoined = (titles: readonly string[]): string =>
  titles.length < 2 ? titles.join('') : `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`

const nameOf = ({ kind, cluster, member }: FoundManager): string => {
  const parts = [...(cluster === null ? [] : [`cluster ${cluster}`]), ...(member === null ? [] : [`member ${member}`])]
  return parts.length === 0 ? managerNames[kind] : `${managerNames[kind]} (${parts.join(', ')})`
}

const whenStopped = ({ kind, configPath }: FoundManager): string =>
  `Once started, ${managerNames[kind]} would undo this or be misled by it. Start it on its host (\`systemctl start patroni\`) and act through it; if it is not to manage this server any more, move ${configPath ?? 'its configuration'} away.`

/** Of servers whose manager is only paused, before they are stopped or started: nothing undoes it until the pause ends. */
export const whilePaused = (titles: readonly string[], manager: FoundManager): string =>
  `${namesJoined(titles)}: ${nameOf(manager)} is paused, and starts and stops nothing until the pause ends. A leader that is stopped meanwhile loses the leader key.`

/** A file of it lies in the data directory, and nothing else tells of it. */
export const traceOf = (titles: readonly string[], { kind }: FoundManager): string =>
  `${namesJoined(titles)} ${titles.length === 1 ? 'was' : 'were'} once managed by ${managerNames[kind]}: patroni.dynamic.json lies in the data directory. No process and no configuration of it was found on the host; if it has gone for good, delete that file.`

export const maybePacemaker = (titles: readonly string[]): string =>
  `Pacemaker runs on the host of ${namesJoined(titles)}, and the SSH user may not read its resources (\`crm_mon\`): whether it manages this server is not known.`
