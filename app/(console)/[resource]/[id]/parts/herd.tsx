import { EvictionsCard } from '@/components/resource/evictions-card'
import { HerdLockNote } from '@/components/resource/herd-lock'
import { Card } from '@/components/ui/card'
import { launchedDoor } from '@/db/blueprints/door'
import { herdEvictions } from '@/db/evictions/shown'
import { herdLock } from '@/jobs/requests'
import { mayIn } from '@/lib/kernel/access/access'
import { breakHerdLock } from '../../../actions'
import { herdLines, launchedLines } from '../copy-lines'
import { HerdAppointments } from './herd-appointments'
import { HerdTree } from './herd-tree'
import { Manager, PatroniCluster } from './manager'
import { MovePrimary } from './move-primary'
import { OwnDatabase } from './own-database'
import type { Loaded, ResourceParts } from './part'
import { PoolersInNeed } from './poolers-in-need'

const Evictions = async ({ herdId }: { herdId: string }) => <EvictionsCard of={await herdEvictions(herdId)} />

const Above = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { id, environmentId } = record
  return (
    <>
      <HerdLockNote
        herdId={id}
        lock={await herdLock(actor, id)}
        because={mayIn(actor, 'setting.change', environmentId) ? null : 'Only an administrator may break a lock.'}
        breakLock={breakHerdLock}
      />
      <OwnDatabase id={id} />
      {mayIn(actor, 'machine.view', environmentId) && <Evictions herdId={id} />}
      <Manager actor={actor} id={id} />
      <PoolersInNeed actor={actor} of="herd" id={id} environmentId={environmentId} />
      <HerdAppointments actor={actor} herdId={id} />
      <Card title="Replication" actions={<MovePrimary herdId={id} environmentId={environmentId} manager={record.values.manager ?? null} />}>
        <HerdTree herdId={id} isStopped={record.values.state === 'stopped'} />
      </Card>
      <PatroniCluster actor={actor} herdId={id} environmentId={environmentId} />
    </>
  )
}

export const herd: ResourceParts = {
  Above,
  shownAbove: ['memberCount', 'poolerCount'],
  pages: [
    { path: 'charts', label: 'Charts', hasMany: true },
    { path: 'activity', label: 'Activity', hasMany: true },
    { path: 'health', label: 'Health', hasMany: true },
    { path: 'log', label: 'Log', hasMany: true },
    { path: 'settings', label: 'Settings', hasMany: true },
    { path: 'timeline', label: 'Timeline' },
    { path: 'patroni', label: 'Configuration history', isInside: true },
  ],
  copyLines: async ({ actor, record }) => [...launchedLines(await launchedDoor(actor, record.id)), ...herdLines(record.values)],
}
