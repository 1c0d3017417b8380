import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { RecordForm } from '@/components/resource/form/record-form'
import { PageHeader } from '@/components/shell/page-header'
import { mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { findOptions, saveRecord } from '../../../actions'
import { NotedFault } from '../../../noted-fault'
import { formAside } from '../../form-aside'
import { loadObject } from '../load'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Edit ${(await loadObject(resource, id)).record.title}` }
}

const EditPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, description, record, environment, crumbs, href } = await loadObject(path, id)
  if (resource.form.length === 0) notFound()
  const trail = [...crumbs, { href, label: record.title }]
  const permission = `${resource.name}.change` as const
  const isAllowed = record.environmentId === null ? mayAnywhere(actor, permission) : mayIn(actor, permission, record.environmentId)
  if (!isAllowed)
    return (
      <NotedFault crumbs={trail} fault={new Fault('access.denied', { because: `You do not have the permission ${permission} here.` })} />
    )
  const titles = Object.fromEntries(
    Object.entries(record.references).flatMap(([name, { title }]) => (title === null ? [] : [[name, title]])),
  )
  return (
    <>
      <PageHeader crumbs={trail} title={`Edit ${record.title}`} environment={environment} />
      <div className="page-body">
        <RecordForm
          key={record.id}
          resource={description}
          id={record.id}
          revision={record.revision}
          stored={Object.fromEntries(resource.form.map((name) => [name, record.values[name] ?? null]))}
          titles={titles}
          environmentId={record.environmentId}
          server={{ saveRecord, findOptions }}
          aside={formAside(actor, resource, record.environmentId)}
        />
      </div>
    </>
  )
}

export default EditPage
