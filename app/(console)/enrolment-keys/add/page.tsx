import type { Metadata } from 'next'
import { EnrolmentForm } from '@/components/people/enrolment-form'
import { PageHeader } from '@/components/shell/page-header'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { requireActor } from '@/lib/auth/actor'
import { env } from '@/lib/env'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { NotedFault } from '../../noted-fault'

export const metadata: Metadata = { title: 'Create an enrolment key' }

const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/discovery', label: 'Discovery' },
]

const Page = async () => {
  const actor = await requireActor()
  const badged = Object.values(await badgedEnvironments(actor)).filter((environment) => mayIn(actor, 'enrolment-key.add', environment.id))
  if (badged.length === 0)
    return (
      <NotedFault
        fault={new Fault('access.denied', { because: 'Creating enrolment keys requires the admin role in an environment.' })}
        crumbs={crumbs}
      />
    )
  return (
    <>
      <PageHeader crumbs={crumbs} title="Create an enrolment key" />
      <div className="page-body">
        <p className="max-w-[70ch]">
          A host presents the key once and receives a token of its own, valid for that host only. What it reports appears in the discovery
          inbox.
        </p>
        <EnrolmentForm environments={badged} origin={new URL(env().MATRIARCH_URL).origin} />
      </div>
    </>
  )
}

export default Page
