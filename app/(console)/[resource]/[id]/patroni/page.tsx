import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { ConfigCompare } from '@/components/resource/manager/config-compare'
import { type ConfigRow, ConfigVersions } from '@/components/resource/manager/config-versions'
import { PageHeader } from '@/components/shell/page-header'
import { Card } from '@/components/ui/card'
import { type ConfigVersion, readConfigs } from '@/db/fleet/patroni-configs'
import { configChanges, editTo } from '@/lib/domain/managers/config-history'
import { operationByName } from '@/lib/operations'
import { mayRun } from '@/lib/operations/may-run'
import { toParams } from '../../params'
import { loadObject } from '../load'
import { partsOf } from '../parts'

interface Props {
  params: Promise<{ resource: string; id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: `Patroni’s configuration of ${(await loadObject(resource, id)).record.title}` }
}

/** Longer than what every proxy in front takes of an address. */
const addressMax = 6_000

const rowsOf = (versions: readonly ConfigVersion[]): ConfigRow[] =>
  versions.map(({ id, config, firstSeenAt, lastSeenAt, runs }, index) => ({
    ...{ id, firstSeenAt, lastSeenAt },
    runs: runs.map(({ operation, ...run }) => ({ ...run, title: operationByName(operation)?.title ?? operation })),
    changed: index + 1 < versions.length ? configChanges(versions[index + 1]!.config, config).map(({ name }) => name) : null,
  }))

/** The versions of the dynamic configuration of a herd's Patroni cluster, what any two of them differ by, and the way back to one. */
const PatroniConfigPage = async ({ params, searchParams }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  if (!partsOf(resource.name).pages?.some((one) => one.path === 'patroni')) notFound()
  const versions = await readConfigs(actor, record.id)
  const [query] = toParams(await searchParams)
  const named = (key: string) => versions.find((one) => one.id === query.get(key))
  const [newest] = versions
  const from = named('from') ?? versions[1] ?? newest
  const to = named('to') ?? newest
  const back = newest && from && from !== newest ? editTo(newest.config, from.config) : null
  const address = `/dr-pairs/run/patroni-configure?${new URLSearchParams({ ids: record.id, settings: back?.settings ?? '' })}`
  const mayGoBack = mayRun(actor, 'patroni-configure', record.environmentId)
  return (
    <>
      <PageHeader
        crumbs={[...crumbs, { href, label: record.title }]}
        title={`Patroni’s configuration of ${record.title}`}
        environment={environment}
      />
      <div className="page-body">
        {from === undefined || to === undefined ? (
          <Card title="Versions">
            <p>
              No version was seen yet. The member that leads is asked about once a minute, over its REST API. A new version is kept whenever
              it differs from the last.
            </p>
          </Card>
        ) : (
          <>
            <ConfigCompare
              here={`${href}/patroni`}
              versions={versions.map(({ id: of, firstSeenAt }) => ({ id: of, firstSeenAt }))}
              from={from.id}
              to={to.id}
              changes={configChanges(from.config, to.config)}
              back={
                back === null || !mayGoBack
                  ? null
                  : {
                      at: from.firstSeenAt,
                      ...back,
                      href: back.settings === '' || address.length > addressMax ? null : address,
                    }
              }
            />
            <ConfigVersions here={`${href}/patroni`} rows={rowsOf(versions)} />
          </>
        )}
      </div>
    </>
  )
}

export default PatroniConfigPage
