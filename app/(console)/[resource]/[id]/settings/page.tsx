import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { HerdSettings } from '@/components/server-settings/herd-settings'
import { InstanceSettings } from '@/components/server-settings/instance-settings'
import { PageHeader } from '@/components/shell/page-header'
import { readHerdSettings, readInstanceSettings } from '@/db/settings/read'
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
  return { title: `Settings of ${(await loadObject(resource, id)).record.title}` }
}

/** Of an instance, or of the members of a herd side by side. */
const SettingsPage = async ({ params, searchParams }: Props) => {
  const { resource: path, id } = await params
  const { actor, resource, record, environment, crumbs, href } = await loadObject(path, id)
  const page = partsOf(resource.name).pages?.find((one) => one.path === 'settings')
  if (page === undefined) notFound()
  const [query] = toParams(await searchParams)
  const given = (name: string) => query.get(name) ?? ''
  return (
    <>
      <PageHeader crumbs={[...crumbs, { href, label: record.title }]} title={`Settings of ${record.title}`} environment={environment} />
      {page.hasMany ? (
        <HerdSettings
          initial={await readHerdSettings(actor, record.id, { isNow: false })}
          title={record.title}
          maySet={mayRun(actor, 'set-herd-parameters', record.environmentId)}
        />
      ) : (
        <InstanceSettings
          initial={await readInstanceSettings(actor, record.id, { isNow: false })}
          maySet={mayRun(actor, 'set-parameters', record.environmentId)}
          given={{ q: given('q'), show: given('show') || 'set', category: given('category'), source: given('source') }}
        />
      )}
    </>
  )
}

export default SettingsPage
