import type { Metadata } from 'next'
import { Wizard } from '@/components/resource/stack/wizard'
import { PageHeader } from '@/components/shell/page-header'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { serversToBuildOn } from '@/db/stacks/servers-to-build-on'
import { requireActor } from '@/lib/auth/actor'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { saveRecord } from '../../actions'
import { NotedFault } from '../../noted-fault'

export const metadata: Metadata = { title: 'Declare a cluster' }

const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/stacks', label: 'Declared clusters' },
]

const Page = async () => {
  const actor = await requireActor()
  const allowed = Object.values(await badgedEnvironments(actor)).filter(({ id }) => mayIn(actor, 'stack.add', id))
  if (allowed.length === 0)
    return <NotedFault fault={new Fault('access.denied', { because: 'You do not have the permission stack.add.' })} crumbs={crumbs} />
  const servers = (await serversToBuildOn(actor)).filter(({ environmentId }) => allowed.some(({ id }) => id === environmentId))
  return (
    <>
      <PageHeader crumbs={crumbs} title="Declare a cluster" />
      <div className="page-body">
        <Wizard environments={allowed.map(({ id, name }) => ({ id, name }))} servers={servers} saveRecord={saveRecord} />
      </div>
    </>
  )
}

export default Page
