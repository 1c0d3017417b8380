import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { DeleteButton } from '@/components/resource/delete/delete-button'
import { DeleteTreeView, type ShownNode } from '@/components/resource/delete/delete-tree'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { previewDelete } from '@/db/records/records'
import { isFault } from '@/lib/kernel/ground/errors'
import { pathOf } from '@/lib/resources'
import { removeRecord } from '../../../actions'
import { NotedFault } from '../../../noted-fault'
import { loadObject } from '../load'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Delete ${(await loadObject(resource, id)).record.title}` }
}

const going = (nodes: readonly ShownNode[]): number =>
  nodes.reduce((sum, node) => sum + (node.action === 'delete' ? node.count + going(node.children) : 0), 0)

/** Everything that would go, what blocks it and what permission is missing; the button stands below all of it, or not at all. */
const DeletePage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  if (!resource.canDelete) notFound()
  const trail = [...crumbs, { href, label: record.title }]
  let tree: Awaited<ReturnType<typeof previewDelete>>
  try {
    tree = await previewDelete(actor, resource, record.id)
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={trail} />
  }
  const more = going(tree.children)
  return (
    <>
      <PageHeader crumbs={trail} title={`Delete ${record.title}?`} environment={environment} />
      <div className="page-body max-w-[60rem]">
        {tree.blockers.length > 0 && (
          <Note tone="bad" title="It cannot be deleted now">
            <ul className="list-disc pl-5">
              {tree.blockers.map((blocker) => (
                <li key={blocker}>{blocker}</li>
              ))}
            </ul>
          </Note>
        )}
        {tree.missing.length > 0 && (
          <Note tone="warn" title="You lack permissions on dependent objects">
            {tree.missing.join(', ')}
          </Note>
        )}
        <Card title="What would be deleted">
          <div className="grid gap-3">
            <p>
              The {resource.noun[0]} <strong>{record.title}</strong>
              {tree.children.length === 0 && '. Nothing else depends on it.'}
            </p>
            {tree.children.length > 0 && <DeleteTreeView nodes={tree.children} pathOf={pathOf} />}
            <p className="text-ink-2">
              Only the console’s records are deleted. Nothing is stopped or removed on any host. History and audit log are kept.
            </p>
          </div>
        </Card>
        {tree.canDelete ? (
          <DeleteButton
            resource={resource.name}
            path={path}
            id={record.id}
            label={`Delete ${record.title}${more > 0 ? ` and ${more} more` : ''}${environment ? ` in ${environment.name}` : ''}`}
            removeRecord={removeRecord}
          />
        ) : (
          <div>
            <LinkButton href={href}>Back to {record.title}</LinkButton>
          </div>
        )}
      </div>
    </>
  )
}

export default DeletePage
