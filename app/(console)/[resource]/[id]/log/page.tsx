import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
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

/** Of what writes a log: an instance. */
const LogPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  if (!partsOf(resource.name).pages?.some((one) => one.path === 'log')) notFound()
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Log of ${record.title}`} environment={environment} />
      {mayRun(actor, 'run-sql', record.environmentId) ? (
        <ServerLog instanceId={record.id} />
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

export default LogPage
