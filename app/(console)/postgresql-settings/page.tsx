import type { Metadata } from 'next'
import Link from 'next/link'
import { FindForm } from '@/components/server-settings/find-form'
import { FoundSettings } from '@/components/server-settings/found-settings'
import { visible } from '@/components/server-settings/words'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/note'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { managersFound } from '@/db/fleet/managers-view'
import { findSettings, settingNames } from '@/db/settings/find'
import { requireActor } from '@/lib/auth/actor'
import { counted } from '@/lib/domain/values/counted'
import { isFault } from '@/lib/kernel/ground/errors'
import type { FoundSettings as Found, SettingQuery } from '@/lib/shapes/settings'
import { listActions } from '../[resource]/list-boot'
import { NotedFault } from '../noted-fault'
import { readQuery, writeQuery } from './query'

export const metadata: Metadata = { title: 'PostgreSQL settings' }

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const path = '/postgresql-settings'
const crumbs = [{ href: '/', label: 'Fleet' }]

/** Which instances of the fleet have which value of a setting. */
const FleetSettingsPage = async ({ searchParams }: Props) => {
  const [actor, given] = await Promise.all([requireActor(), searchParams])
  const { query, problems } = readQuery(given)
  try {
    const [environments, names, managers] = await Promise.all([badgedEnvironments(actor), settingNames(actor), managersFound(actor)])
    let found: Found | null = null
    if (Object.keys(problems).length === 0)
      try {
        found = await findSettings(actor, query)
      } catch (error) {
        if (!isFault(error, 'input.invalid')) throw error
        for (const one of error.facts.fields ?? []) problems[one.path] = one.message
      }
    const shown = Object.values(environments).find((one) => one.name === query.environment)
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title="PostgreSQL settings"
          environment={shown}
          actions={
            found !== null &&
            found.total > 0 &&
            (['json', 'csv'] as const).map((format) => (
              <LinkButton key={format} href={`/api/v1/settings${writeQuery({ ...query, page: 1 }, { format })}`} variant="quiet">
                {format.toUpperCase()}
              </LinkButton>
            ))
          }
        />
        <div className="page-body">
          <Card title="Find instances by a setting" isFlush>
            <FindForm query={query} names={names} environments={Object.values(environments)} problems={problems} />
            {found !== null && found.values.length > 1 && (
              <ul className="settings-values" aria-label={`Values of ${query.name}`}>
                {found.values.map(({ shown: value, count }) => (
                  <li key={value}>
                    <Link href={`${path}${writeQuery({ ...query, compare: 'is', value, page: 1 })}`} prefetch={false}>
                      {visible(value)}
                    </Link>
                    : {count}
                  </li>
                ))}
              </ul>
            )}
          </Card>
          {found !== null && (
            <Card title={query.name === '' ? 'Waiting for a restart' : query.name} isFlush>
              {found.setting !== null && (
                <p className="settings-seen pt-3">
                  {found.setting.description} Default: {visible(found.setting.defaultShown)}. {found.setting.category}.
                </p>
              )}
              {found.items.length === 0 ? (
                <Nothing query={query} found={found} />
              ) : (
                <>
                  <p className="settings-seen" role="status">
                    {counted(found.total, query.name === '' ? 'setting' : 'instance')}
                    {found.total > found.items.length && `, ${counted(found.items.length, 'row')} on page ${found.page}`}.
                  </p>
                  <FoundSettings items={found.items} actions={listActions(actor, 'instance', managers)} environments={environments} />
                  <Pages query={query} total={found.total} />
                </>
              )}
            </Card>
          )}
        </div>
      </>
    )
  } catch (error) {
    if (!isFault(error, 'access.denied')) throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

const Nothing = ({ query, found }: { query: SettingQuery; found: Found }) =>
  query.name === '' ? (
    <EmptyState title="No setting waits for a restart">Name a setting above to see who has which value of it.</EmptyState>
  ) : found.setting === null ? (
    <EmptyState title={`No server that was seen has a setting ${query.name}`}>
      Its name is that of pg_settings, such as max_wal_size. A setting of an extension is there where the extension is loaded.
    </EmptyState>
  ) : (
    <EmptyState title="No instance like that" />
  )

const Pages = ({ query, total }: { query: SettingQuery; total: number }) => {
  const last = Math.ceil(total / query.per)
  if (last <= 1) return null
  const to = (page: number) => `${path}${writeQuery({ ...query, page })}`
  return (
    <nav className="flex flex-wrap items-center gap-3 px-4 py-2" aria-label="Pages">
      {query.page > 1 && <LinkButton href={to(query.page - 1)}>Previous</LinkButton>}
      <span>
        Page {query.page} of {last}
      </span>
      {query.page < last && <LinkButton href={to(query.page + 1)}>Next</LinkButton>}
    </nav>
  )
}

export default FleetSettingsPage
