import type { Metadata } from 'next'
import { ImportForm } from '@/components/resource/blueprint/import-form'
import { PageHeader } from '@/components/shell/page-header'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { accountPrices } from '@/db/prices/catalogue'
import { requireActor } from '@/lib/auth/actor'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { blueprint } from '@/lib/resources/blueprint'
import { NotedFault } from '../../noted-fault'

export const metadata: Metadata = { title: 'Import a blueprint' }

const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/blueprints', label: 'Blueprints' },
]
const labels = Object.fromEntries(Object.entries(blueprint.fields).map(([name, { label }]) => [name, label]))

const Page = async () => {
  const actor = await requireActor()
  const allowed = Object.values(await badgedEnvironments(actor)).filter(({ id }) => mayIn(actor, 'blueprint.add', id))
  if (allowed.length === 0)
    return <NotedFault fault={new Fault('access.denied', { because: 'You do not have the permission blueprint.add.' })} crumbs={crumbs} />
  const { accounts } = await accountPrices(actor, null)
  const environments = allowed.map(({ id, name }) => ({
    id,
    name,
    accounts: accounts.filter(({ environmentId }) => environmentId === id).map((one) => ({ id: one.id, name: one.name })),
  }))
  return (
    <>
      <PageHeader crumbs={crumbs} title="Import a blueprint" />
      <div className="page-body">
        <ImportForm environments={environments} labels={labels} />
      </div>
    </>
  )
}

export default Page
