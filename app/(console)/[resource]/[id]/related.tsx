import Link from 'next/link'
import { SmallTable } from '@/components/resource/small-table'
import { TickTable } from '@/components/resource/tick-table'
import { Card } from '@/components/ui/card'
import { managersFound } from '@/db/fleet/managers-view'
import { listRecords } from '@/db/records/records'
import { capital } from '@/lib/domain/values/capital'
import type { Actor } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { emptyQuery, formatListQuery, type ListQuery } from '@/lib/kernel/resource/query'
import { pathOf, resourceByName } from '@/lib/resources'
import { describedResource } from '@/lib/resources/described'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import { listActions } from '../list-boot'
import { partsOf } from './parts'

const rowsMax = 12
const columnsMax = 7

/** The first rows of another resource that point here, and the way to all of them. Nothing when this person may not see that resource. */
export const Related = async ({
  actor,
  resource: name,
  by,
  id,
  title,
  filters = {},
  environmentId = null,
  environments,
}: {
  actor: Actor
  resource: string
  by: string
  id: string
  title?: string
  /** The environment that all rows live in, which the page already shows. */
  environmentId?: string | null
  /** Further terms, field → terms. */
  filters?: Record<string, string[]>
  environments: Readonly<Record<string, BadgedEnvironment>>
}) => {
  const described = describedResource(resourceByName(name)?.path ?? '')
  if (!described?.resource.fields[by]) return null
  const { resource, description } = described
  const columns = resource.list.columns
    .filter((column) => column !== by && !(column === 'environmentId' && environmentId !== null))
    .slice(0, columnsMax)
  const query: ListQuery = { ...emptyQuery(), filters: { ...filters, [by]: [id] }, perPage: rowsMax, columns: [...columns] }
  let data: Awaited<ReturnType<typeof listRecords>>
  try {
    data = await listRecords(actor, resource, query, { facets: false })
  } catch (error) {
    if (isFault(error, 'access.denied')) return null
    throw error
  }
  const all = `/${resource.path}?${formatListQuery(description, { ...emptyQuery(), filters: query.filters })}`
  const label = title ?? capital(resource.noun[1])
  const table = {
    label,
    path: resource.path,
    fields: Object.fromEntries(columns.map((column) => [column, description.fields[column]!])),
    columns,
    data,
    environments,
    pathOf,
  }
  const { OverRelated } = partsOf(resource.name)
  const actions = listActions(actor, resource.name, await managersFound(actor, by === 'herdId' ? id : null), environmentId)
  return (
    <Card
      isFlush
      title={label}
      actions={
        <>
          {OverRelated && <OverRelated actor={actor} by={by} environmentId={environmentId} />}
          {data.total > 0 && (
            <Link href={all} prefetch={false}>
              {data.total > data.ids.length ? `All ${data.total}` : 'As a list'}
            </Link>
          )}
        </>
      }
    >
      {data.total === 0 ? (
        <p className="body text-ink-2">No {resource.noun[1]}.</p>
      ) : actions.length > 0 ? (
        <TickTable {...table} actions={actions} noun={resource.noun} />
      ) : (
        <SmallTable {...table} />
      )}
    </Card>
  )
}
