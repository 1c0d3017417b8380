import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Activity } from '@/components/activity/activity'
import { PageHeader } from '@/components/shell/page-header'
import { mayRun } from '@/lib/operations/may-run'
import { reads } from '@/lib/shapes/reads'
import { loadObject } from '../load'
import { partsOf } from '../parts'

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
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  const page = partsOf(resource.name).pages?.find((one) => one.path === 'activity')
  if (page === undefined) notFound()
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Activity of ${record.title}`} environment={environment} />
      <Activity
        address={reads.activity(resource.path, record.id)}
        hasMany={page.hasMany === true}
        maySignal={mayRun(actor, 'cancel-statements', record.environmentId)}
      />
    </>
  )
}

export default ActivityPage
