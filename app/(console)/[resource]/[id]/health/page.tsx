import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { HealthChecks } from '@/components/health/health-checks'
import { PageHeader } from '@/components/shell/page-header'
import { readHealth } from '@/db/health/read'
import { versionsKnownOn } from '@/lib/domain/health/versions'
import { loadObject } from '../load'
import { partsOf } from '../parts'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Health of ${(await loadObject(resource, id)).record.title}` }
}

/** What is about to break in an instance, or in the members of a herd. */
const HealthPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  const page = partsOf(resource.name).pages?.find((one) => one.path === 'health')
  if (page === undefined) notFound()
  const initial = await readHealth(actor, { of: page.hasMany ? 'herd' : 'instance', id: record.id }, { isNow: false })
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Health of ${record.title}`} environment={environment} />
      <HealthChecks initial={initial} versionsKnownOn={versionsKnownOn} />
    </>
  )
}

export default HealthPage
