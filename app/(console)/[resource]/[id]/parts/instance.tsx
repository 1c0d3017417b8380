import Link from 'next/link'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { getRecords } from '@/db/records/records'
import { fenceOf } from '@/db/runs/fences'
import { mayRun } from '@/lib/operations/may-run'
import { server } from '@/lib/resources/server'
import { instanceLines } from '../copy-lines'
import { Manager } from './manager'
import { OwnDatabase } from './own-database'
import type { Loaded, ResourceParts } from './part'

/** Who stopped it, when, and why: a person who finds it down must not start it again. */
const Fenced = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const fence = record.values.replacedAt === null ? null : await fenceOf(record.id)
  if (fence === null) return null
  const isOffered = record.environmentId !== null && mayRun(actor, 'rejoin', record.environmentId)
  return (
    <Note
      tone="warn"
      title={
        <>
          {fence.action === 'stopped' ? 'Stopped' : 'Barred from starting read-write'} by Matriarch <Moment at={fence.at} />
        </>
      }
      actions={
        isOffered && (
          <Link href={`/instances/run/rejoin?ids=${record.id}`} prefetch={false}>
            Rejoin
          </Link>
        )
      }
    >
      {fence.because}
    </Note>
  )
}

const Above = ({ loaded }: { loaded: Loaded }) => (
  <>
    <OwnDatabase id={loaded.record.id} />
    <Manager actor={loaded.actor} id={loaded.record.id} />
    <Fenced loaded={loaded} />
  </>
)

export const instance: ResourceParts = {
  Above,
  pages: [
    { path: 'charts', label: 'Charts' },
    { path: 'activity', label: 'Activity' },
    { path: 'log', label: 'Log' },
    { path: 'health', label: 'Health' },
    { path: 'settings', label: 'Settings' },
    { path: 'statements', label: 'Statements' },
    { path: 'timeline', label: 'Timeline' },
  ],
  OverRelated: ({ actor, by, environmentId }) =>
    by === 'herdId' && environmentId !== null && mayRun(actor, 'create', environmentId) ? (
      <Link href={`/servers?environmentId=${environmentId}`} prefetch={false} title="Tick servers there, then “Create member”.">
        Add a member
      </Link>
    ) : null,
  copyLines: async ({ actor, record }) => {
    const { serverId } = record.values
    const [host] = typeof serverId === 'string' ? await getRecords(actor, server, [serverId]) : []
    return instanceLines(record.values, host?.values ?? null)
  },
}
