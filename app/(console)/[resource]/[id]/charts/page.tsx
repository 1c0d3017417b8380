import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Charts } from '@/components/charts/charts'
import { PageHeader } from '@/components/shell/page-header'
import { sampleSubjects } from '@/lib/shapes/samples'
import { loadObject } from '../load'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Charts of ${(await loadObject(resource, id)).record.title}` }
}

/** Of what is sampled: an instance, a server, or the members of a herd side by side. */
const ChartsPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const { resource, record, environment, crumbs, href } = await loadObject(path, id)
  const of = sampleSubjects.find((one) => one === resource.name)
  if (of === undefined) notFound()
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Charts of ${record.title}`} environment={environment} />
      <Charts of={of} address={`/api/v1/${resource.path}/${record.id}/samples`} />
    </>
  )
}

export default ChartsPage
