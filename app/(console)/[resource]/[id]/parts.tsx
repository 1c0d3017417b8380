import { HerdAppointments, ScheduledParts } from '@/app/(console)/appointments'
import { DrCandidates } from '@/app/(console)/dr-candidates'
import { HerdTree } from '@/app/(console)/herd-tree'
import { MovePrimary } from '@/app/(console)/move-primary'
import { PoolerParts, PoolersInNeed } from '@/app/(console)/pooler-parts'
import { ZoneCheck } from '@/components/resource/check/zone-check'
import { HerdLockNote } from '@/components/resource/herd-lock'
import { HostKeyAlarm } from '@/components/resource/server/host-key'
import { ServerCheck } from '@/components/resource/server/server-check'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { readCheck } from '@/db/fleet/checks'
import { herdLock } from '@/jobs/requests'
import { mayIn, type Permission, permissionName } from '@/lib/kernel/access/access'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { checkServer } from '@/lib/operations/check-server'
import { checkZone } from '@/lib/operations/check-zone'
import { breakHerdLock, saveRecord, startCheck } from '../../actions'
import type { loadObject } from './load'

type Loaded = Awaited<ReturnType<typeof loadObject>>

/** What only some resources show above their facts. */
export const ResourceParts = async ({ loaded }: { loaded: Loaded }) => {
  const { actor, resource, record } = loaded
  if (resource.name === 'herd')
    return (
      <>
        <HerdLockNote
          herdId={record.id}
          lock={await herdLock(actor, record.id)}
          because={mayIn(actor, 'setting.change', record.environmentId) ? null : 'Only an administrator may take a lock from its holder.'}
          breakLock={breakHerdLock}
        />
        <PoolersInNeed actor={actor} of="herd" id={record.id} environmentId={record.environmentId} />
        <HerdAppointments actor={actor} herdId={record.id} />
        <Card title="Replication" actions={<MovePrimary herdId={record.id} environmentId={record.environmentId} />}>
          <HerdTree herdId={record.id} />
        </Card>
      </>
    )
  if (resource.name === 'dr-pair')
    return (
      <>
        <HerdAppointments actor={actor} herdId={record.id} />
        <DrCandidates pair={record} />
      </>
    )
  if (resource.name === 'pooler') return <PoolerParts actor={actor} record={record} />
  if (resource.name === 'scheduled-run') return <ScheduledParts actor={actor} id={record.id} />
  if (resource.name === 'person')
    return (
      <p>
        <LinkButton href={`/people/${record.id}/access`}>What this person may do</LinkButton>
      </p>
    )
  const because = (permission: Permission) =>
    mayIn(actor, permission, record.environmentId) ? null : `You do not have the permission ${permissionName(permission)} here.`
  if (resource.name === 'dns-zone')
    return (
      <Card title="Check">
        <ZoneCheck zoneId={record.id} because={because(runPermission(checkZone))} startCheck={startCheck} />
      </Card>
    )
  if (resource.name !== 'server') return null
  const text = (name: string) => (typeof record.values[name] === 'string' ? (record.values[name] as string) : null)
  const offered = text('hostKeyOffered')
  return (
    <>
      <PoolersInNeed actor={actor} of="server" id={record.id} environmentId={record.environmentId} />
      {offered && (
        <HostKeyAlarm
          serverId={record.id}
          revision={record.revision}
          pinned={text('hostKey')}
          offered={offered}
          because={because('server.change')}
          saveRecord={saveRecord}
        />
      )}
      <Card title="Check">
        <ServerCheck
          serverId={record.id}
          revision={record.revision}
          pinned={text('hostKey')}
          because={because(runPermission(checkServer))}
          last={await readCheck(actor, record.id)}
          actions={{ startCheck, saveRecord }}
        />
      </Card>
    </>
  )
}
