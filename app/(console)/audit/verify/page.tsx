import type { Metadata } from 'next'
import { AuditTrails } from '@/components/settings/audit-trails'
import { AuditVerify } from '@/components/settings/audit-verify'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { listTrails } from '@/db/trail/trails'
import { requireActor } from '@/lib/auth/actor'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { verifyAuditLog } from '../../actions'
import { NotedFault } from '../../noted-fault'

export const metadata: Metadata = { title: 'Verify the audit log' }

const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/audit', label: 'Audit' },
]

const Page = async () => {
  if (!mayIn(await requireActor(), 'audit.view', null)) return <NotedFault fault={new Fault('access.denied')} crumbs={crumbs} />
  return (
    <>
      <PageHeader crumbs={crumbs} title="Verify the audit log" />
      <div className="page-body">
        <Card
          title="Verified by workers"
          isFlush
          actions={
            <LinkButton href="/audit-checkpoints" isSmall>
              All checkpoints
            </LinkButton>
          }
        >
          <AuditTrails trails={await listTrails()} />
        </Card>
        <Card title="Verify now">
          <AuditVerify verify={verifyAuditLog} />
        </Card>
      </div>
    </>
  )
}

export default Page
