import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { PageHeader } from '@/components/shell/page-header'
import { TimelineFilter } from '@/components/timeline/filter'
import { TimelineLines } from '@/components/timeline/lines'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { readTimeline } from '@/db/timeline/read'
import type { Subject } from '@/db/timeline/sources'
import { loadObject } from '../load'
import { partsOf } from '../parts'
import { readQuery, writeQuery } from './query'

interface Props {
  params: Promise<{ resource: string; id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Timeline of ${(await loadObject(resource, id)).record.title}` }
}

/** What happened to an instance, a herd or a server. */
const TimelinePage = async ({ params, searchParams }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  if (!partsOf(resource.name).pages?.some((one) => one.path === 'timeline')) notFound()
  const { query, problems } = readQuery(await searchParams)
  const { lines, next } = await readTimeline(actor, { of: resource.name as Subject['of'], id: record.id }, query)
  return (
    <>
      <PageHeader
        crumbs={[...crumbs, { href, label: record.title }]}
        title={`Timeline of ${record.title}`}
        environment={environment}
        actions={(['json', 'csv'] as const).map((format) => (
          <LinkButton
            key={format}
            href={`/api/v1/${path}/${record.id}/timeline${writeQuery({ ...query, before: '' }, { format })}`}
            variant="quiet"
          >
            {format.toUpperCase()}
          </LinkButton>
        ))}
      />
      <div className="page-body">
        <Card title="What happened" isFlush>
          <TimelineFilter query={query} problems={problems} here={`${href}/timeline`} now={new Date().toISOString()} />
          <TimelineLines lines={lines} />
          {(query.before !== '' || next !== null) && (
            <nav className="flex flex-wrap items-center gap-3 px-4 py-2" aria-label="Pages">
              {query.before !== '' && <LinkButton href={`${href}/timeline${writeQuery({ ...query, before: '' })}`}>Newest</LinkButton>}
              {next !== null && <LinkButton href={`${href}/timeline${writeQuery({ ...query, before: next })}`}>Older</LinkButton>}
            </nav>
          )}
        </Card>
      </div>
    </>
  )
}

export default TimelinePage
