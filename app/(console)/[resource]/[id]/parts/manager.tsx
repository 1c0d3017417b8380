import { LeaderHistory } from '@/components/resource/manager/leader-history'
import { ManagedMembers, type ManagedRow } from '@/components/resource/manager/members-table'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { type ManagedInstance, readManagers } from '@/db/fleet/managers-view'
import { type FoundManager, managerNames } from '@/lib/domain/managers/manager'
import type { Actor } from '@/lib/kernel/access/access'
import { operationByName } from '@/lib/operations'
import { mayRun } from '@/lib/operations/may-run'

interface InHerd {
  actor: Actor
  herdId: string
  environmentId: string | null
}

interface Found {
  by: ManagedInstance
  manager: FoundManager
}

const foundIn = (instances: readonly ManagedInstance[]): Found[] =>
  instances.flatMap((by) => by.managers.filter(({ state }) => state !== 'trace').map((manager) => ({ by, manager })))

const clusterOf = ({ manager: { kind, cluster } }: Found): string =>
  `${managerNames[kind]}${cluster === null ? '' : `, cluster ${cluster}`}`

/** Who decides over the instance, or over the members of the herd, and what that means for operations. */
export const Manager = async ({ actor, id }: { actor: Actor; id: string }) => {
  const instances = await readManagers(actor, id)
  const found = foundIn(instances)
  const clusters = [...new Set(found.map(clusterOf))]
  if (clusters.length === 0) return null
  const stopped = found.filter(({ manager }) => manager.state === 'stopped').map(({ by }) => by.title)
  const paused = found.some(({ manager }) => manager.isPaused === true)
  return (
    <>
      {clusters.length > 1 ? (
        <Note tone="bad" title="More than one manager">
          Found on the hosts: {clusters.join('; ')}. Each of them decides who is primary. End all but one before anything else.
        </Note>
      ) : (
        <Note title={`Managed by ${clusters[0]}`}>
          It decides who is primary. What it would undo is refused here, and the plan names what to use in its place.
        </Note>
      )}
      {paused && (
        <Note tone="warn" title={`${managerNames.patroni} is paused`}>
          There is no automatic failover until the pause ends: use Resume Patroni on its DR pair’s page, or <code>patronictl resume</code>.
        </Note>
      )}
      {stopped.length > 0 && (
        <Note tone="warn" title={`${managerNames.patroni} is not running`}>
          On the hosts of {stopped.join(', ')}. Nobody starts these servers again or fails them over.
        </Note>
      )}
    </>
  )
}

/** Links to its configuration’s versions, and to the plans of what is done to the cluster as a whole; those that this person may not run are left out, as is what makes no sense now. */
const ClusterActs = ({ actor, herdId, environmentId, isPaused, isPending }: InHerd & { isPaused: boolean; isPending: boolean }) => {
  const acts = ['patroni-configure', isPaused ? 'patroni-resume' : 'patroni-pause'].flatMap((name) => {
    const operation = operationByName(name)
    return operation !== undefined && mayRun(actor, name, environmentId) ? [operation] : []
  })
  return (
    <p className="mb-3 flex flex-wrap gap-2">
      <LinkButton isSmall href={`/herds/${herdId}/patroni`}>
        Configuration history
      </LinkButton>
      {acts.map(({ name, verb }) => (
        <LinkButton key={name} isSmall href={`/dr-pairs/run/${name}?ids=${herdId}`}>
          {verb}…
        </LinkButton>
      ))}
      {isPending && mayRun(actor, 'patroni-restart', environmentId) && (
        <LinkButton isSmall href={`/instances/run/patroni-restart?of=herd&ids=${herdId}`}>
          Restart members in order…
        </LinkButton>
      )}
    </p>
  )
}

/** A Patroni cluster as its own REST API described it last: its members, and the changes of its leader. */
export const PatroniCluster = async ({ actor, herdId, environmentId }: InHerd) => {
  const instances = await readManagers(actor, herdId)
  const all = foundIn(instances).filter(({ manager }) => manager.kind === 'patroni')
  const newest = all
    .filter(({ manager }) => manager.members.length > 0)
    .toSorted((a, b) => (b.by.seenAt ?? '').localeCompare(a.by.seenAt ?? ''))[0]
  if (newest === undefined) return null
  const { manager, by } = newest
  const members: ManagedRow[] = manager.members.map((member) => {
    const own = all.find((one) => one.manager.member === member.name && one.manager.cluster === manager.cluster)?.by
    return { ...member, instance: own === undefined ? null : { id: own.id, title: own.title } }
  })
  return (
    <Card
      title={`Patroni cluster ${manager.cluster ?? ''}`.trim()}
      actions={
        <span className="text-ink-2">
          {[manager.version === null ? null : `Patroni ${manager.version}`, manager.dcs, `told by ${by.title}`].filter(Boolean).join(' · ')}
          {by.seenAt !== null && (
            <>
              {' '}
              <Moment at={by.seenAt} />
            </>
          )}
        </span>
      }
    >
      {/* A herd of one member is no DR pair. */}
      {instances.length > 1 && (
        <ClusterActs
          actor={actor}
          herdId={herdId}
          environmentId={environmentId}
          isPaused={all.some((one) => one.manager.isPaused === true)}
          isPending={members.some((one) => one.hasPendingRestart)}
        />
      )}
      <ManagedMembers members={members} />
      {manager.history.length > 0 && <LeaderHistory history={manager.history} />}
    </Card>
  )
}
