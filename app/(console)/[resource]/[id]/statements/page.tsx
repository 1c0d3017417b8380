import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { PageHeader } from '@/components/shell/page-header'
import { Statements } from '@/components/statements/statements'
import { readStatements } from '@/db/statements/read'
import { orders } from '@/lib/domain/statements/statement'
import { isFault } from '@/lib/kernel/ground/errors'
import { toParams } from '../../params'
import { loadObject } from '../load'
import { partsOf } from '../parts'

interface Props {
  params: Promise<{ resource: string; id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Top statements of ${(await loadObject(resource, id)).record.title}` }
}

/** Of what runs statements: an instance. */
const StatementsPage = async ({ params, searchParams }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  if (!partsOf(resource.name).pages?.some((one) => one.path === 'statements')) notFound()
  const [query] = toParams(await searchParams)
  const order = orders.find((one) => one === query.get('order')) ?? 'totalMs'
  const wanted = { from: query.get('from') ?? '', to: query.get('to') ?? '', order }
  const none = { from: '', to: '', order }
  // A moment that is kept no more: what there is instead.
  const [given, initial] = await readStatements(actor, record.id, { ...wanted, isNow: false }).then(
    (read) => [wanted, read] as const,
    async (error: unknown) => {
      if (!isFault(error, 'input.invalid')) throw error
      return [none, await readStatements(actor, record.id, { ...none, isNow: false })] as const
    },
  )
  return (
    <>
      <PageHeader
        crumbs={[...crumbs, { href, label: record.title }]}
        title={`Top statements of ${record.title}`}
        environment={environment}
      />
      <Statements initial={initial} given={given} />
    </>
  )
}

export default StatementsPage
