import type { Metadata } from 'next'
import { ChangeList } from '@/components/resource/detail/change-list'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/note'
import { recordHistory } from '@/db/records/records'
import { loadObject, titlesOf } from '../load'

interface Props {
  params: Promise<{ resource: string; id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `History of ${(await loadObject(resource, id)).record.title}` }
}

const HistoryPage = async ({ params, searchParams }: Props) => {
  const [{ resource: path, id }, given] = await Promise.all([params, searchParams])
  const { actor, resource, description, record, environment, crumbs, href } = await loadObject(path, id)
  const page = /^[1-9]\d{0,8}$/.test(String(given.page)) ? Number(given.page) : 1
  const history = await recordHistory(actor, resource, record.id, page)
  const pages = Math.max(1, Math.ceil(history.total / history.perPage))
  return (
    <>
      <PageHeader
        crumbs={[...crumbs, { href, label: record.title }]}
        title={`History of ${record.title}`}
        environment={environment}
        subtitle={`${history.total} ${history.total === 1 ? 'change' : 'changes'}`}
      />
      <div className="page-body max-w-[64rem]">
        {history.total === 0 ? (
          <EmptyState title="No changes made here" actions={<LinkButton href={href}>Back</LinkButton>}>
            Changes made before it was registered, and observed values, are not part of this history.
          </EmptyState>
        ) : (
          <div className="card p-4">
            <ChangeList changes={history.lines} fields={description.fields} titles={titlesOf(history.references)} />
          </div>
        )}
        {pages > 1 && (
          <nav aria-label="Pages" className="flex items-center gap-3">
            {page > 1 && <LinkButton href={`${href}/history?page=${page - 1}`}>Newer</LinkButton>}
            <span>
              Page {page} of {pages}
            </span>
            {page < pages && <LinkButton href={`${href}/history?page=${page + 1}`}>Older</LinkButton>}
          </nav>
        )}
      </div>
    </>
  )
}

export default HistoryPage
