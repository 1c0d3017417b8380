import type { Metadata } from 'next'
import { notFound, redirect } from 'next/navigation'
import { ResourceList } from '@/components/resource/list/resource-list'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { managersFound } from '@/db/fleet/managers-view'
import { listRecords } from '@/db/records/records'
import { currentPreferences, requireActor } from '@/lib/auth/actor'
import { capital } from '@/lib/domain/values/capital'
import { mayAnywhere } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { formatListQuery, type ListQuery, parseListQuery } from '@/lib/kernel/resource/query'
import { describedResource } from '@/lib/resources/described'
import { listViews, rememberList, removeView, saveView } from '../actions'
import { NotedFault } from '../noted-fault'
import { bootText, listActions } from './list-boot'
import { toParams } from './params'

interface Props {
  params: Promise<{ resource: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const server = { rememberList, listViews, saveView, removeView }

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const described = describedResource((await params).resource)
  return { title: described ? capital(described.resource.noun[1]) : 'Not found' }
}

const ListPage = async ({ params, searchParams }: Props) => {
  const [{ resource: path }, given, actor] = await Promise.all([params, searchParams, requireActor()])
  const described = describedResource(path)
  if (!described) notFound()
  const { resource, description } = described
  const [asked, notices] = toParams(given)
  const { query: parsed, dropped } = parseListQuery(description, asked)
  if (dropped.length > 0) redirect(`/${path}?${cleanAddress(formatListQuery(description, parsed), dropped)}`)

  const [preferences, environments, managers] = await Promise.all([currentPreferences(), badgedEnvironments(actor), managersFound(actor)])
  const query: ListQuery = { ...parsed, columns: parsed.columns ?? preferences.lists?.[resource.name]?.columns ?? null }
  const title = capital(resource.noun[1])
  let data: Awaited<ReturnType<typeof listRecords>>
  try {
    data = await listRecords(actor, resource, query, { facets: true })
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={[{ href: '/', label: 'Fleet' }]} />
  }
  const mayAdd = resource.canAdd && mayAnywhere(actor, `${resource.name}.add`)
  const shown = query.filters.environmentId?.length === 1 ? environments[query.filters.environmentId[0]!] : undefined
  return (
    <div className="page-list">
      <PageHeader
        crumbs={[{ href: '/', label: 'Fleet' }]}
        title={title}
        environment={shown}
        actions={
          <>
            {resource.pages.map((page) => (
              <LinkButton key={page.path} href={`/${path}/${page.path}`}>
                {page.label}
              </LinkButton>
            ))}
            <LinkButton variant="quiet" href={`/${path}/help`}>
              Help
            </LinkButton>
            {mayAdd && (
              <LinkButton variant="primary" href={`/${path}/add`}>
                Add
              </LinkButton>
            )}
          </>
        }
      />
      <ResourceList
        boot={bootText(description, {
          data,
          query: formatListQuery(description, query),
          dropped: notices,
          actions: listActions(actor, resource.name, managers),
          environments,
          density: preferences.density ?? 'dense',
          mayAdd,
          now: Date.now(),
        })}
        server={server}
      />
    </div>
  )
}

/** The clean list, with what was left out as a parameter that the page shows once and takes off the address. */
const cleanAddress = (search: string, dropped: string[]): string =>
  `${search}${search ? '&' : ''}${new URLSearchParams(dropped.map((one) => ['dropped', one]))}`

export default ListPage
