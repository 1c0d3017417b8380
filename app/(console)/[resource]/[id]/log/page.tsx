import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { HerdLog } from '@/components/server-log/herd-log'
import { ServerLog } from '@/components/server-log/server-log'
import { PageHeader } from '@/components/shell/page-header'
import { Note } from '@/components/ui/note'
import { mayRun } from '@/lib/operations/may-run'
import { loadObject } from '../load'
import { partsOf } from '../parts'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Log of ${(await loadObject(resource, id)).record.title}` }
}

/** Of what writes a log: an instance, or the members of a herd together. */
const LogPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  const page = partsOf(resource.name).pages?.find((one) => one.path === 'log')
  if (page === undefined) notFound()
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Log of ${record.title}`} environment={environment} />
      {mayRun(actor, 'run-sql', record.environmentId) ? (
        <Log of={record.id} hasMany={page.hasMany === true} />
      ) : (
        <div className="page-body">
          <Note tone="warn" title="The log is not shown to you">
            It holds statements and the values in them: it is for those who may run SQL in {environment?.name ?? 'this environment'}.
          </Note>
        </div>
      )}
    </>
  )
}

const Log = ({ of, hasMany }: { of: string; hasMany: boolean }) => (hasMany ? <HerdLog herdId={of} /> : <ServerLog instanceId={of} />)

export default LogPage
