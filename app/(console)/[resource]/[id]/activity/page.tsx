import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Activity } from '@/components/activity/activity'
import { PageHeader } from '@/components/shell/page-header'
import { mayRun } from '@/lib/operations/may-run'
import { loadObject } from '../load'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Activity of ${(await loadObject(resource, id)).record.title}` }
}

/** Of what has sessions: an instance, or the members of a herd. */
const ActivityPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  if (path !== 'instances' && path !== 'herds') notFound()
  const { actor, record, environment, crumbs, href } = await loadObject(path, id)
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Activity of ${record.title}`} environment={environment} />
      <Activity of={path} id={record.id} maySignal={mayRun(actor, 'cancel-statements', record.environmentId)} />
    </>
  )
}

export default ActivityPage
