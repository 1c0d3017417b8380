import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { RecordForm } from '@/components/resource/form/record-form'
import { PageHeader } from '@/components/shell/page-header'
import { getRecords } from '@/db/records/records'
import { requireActor } from '@/lib/auth/actor'
import { capital } from '@/lib/domain/values/capital'
import { mayAnywhere } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import { resourceByName } from '@/lib/resources'
import { describedResource } from '@/lib/resources/described'
import { findOptions, saveRecord } from '../../actions'
import { NotedFault } from '../../noted-fault'
import { formAside } from '../form-aside'
import { toParams } from '../params'

interface Props {
  params: Promise<{ resource: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const described = describedResource((await params).resource)
  return { title: described ? `Add ${described.resource.noun[0]}` : 'Not found' }
}

/** A form may come filled in part: `/instances/add?herdId=…`. */
const AddPage = async ({ params, searchParams }: Props) => {
  const [{ resource: path }, given, actor] = await Promise.all([params, searchParams, requireActor()])
  const described = describedResource(path)
  if (!described || described.resource.form.length === 0) notFound()
  const { resource, description } = described
  const crumbs = [
    { href: '/', label: 'Fleet' },
    { href: `/${path}`, label: capital(resource.noun[1]) },
  ]
  const permission = `${resource.name}.add` as const
  if (!resource.canAdd || !mayAnywhere(actor, permission))
    return <NotedFault crumbs={crumbs} fault={new Fault('access.denied', { because: `You do not have the permission ${permission}.` })} />
  const [asked] = toParams(given)
  const stored: Record<string, Json> = {}
  const titles: Record<string, string> = {}
  let environmentId: string | null = null
  for (const name of resource.form) {
    const value = asked.get(name)
    const field = description.fields[name]!
    if (value === null) continue
    if (field.kind !== 'reference') {
      stored[name] = field.kind === 'flag' ? value === 'true' : value
      continue
    }
    const target = resourceByName(field.to)
    const [record] = target ? await getRecords(actor, target, [value]) : []
    if (!record) continue
    stored[name] = record.id
    titles[name] = record.title
    environmentId ??= record.environmentId
  }
  return (
    <>
      <PageHeader crumbs={crumbs} title={`Add ${/^[aeiou]/.test(resource.noun[0]) ? 'an' : 'a'} ${resource.noun[0]}`} />
      <div className="page-body">
        <RecordForm
          resource={description}
          id={null}
          revision={null}
          stored={stored}
          titles={titles}
          environmentId={environmentId}
          server={{ saveRecord, findOptions }}
          aside={formAside(actor, resource, environmentId)}
        />
      </div>
    </>
  )
}

export default AddPage
