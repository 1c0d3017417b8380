import type { Metadata } from 'next'
import { AuditVerify } from '@/components/settings/audit-verify'
import { FaultPage } from '@/components/shell/fault-page'
import { PageHeader } from '@/components/shell/page-header'
import { Card } from '@/components/ui/card'
import { requireActor } from '@/lib/auth/actor'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { verifyAuditLog } from '../../actions'

export const metadata: Metadata = { title: 'Verify the audit log' }

const crumbs = [
  { href: '/', label: 'Fleet' },
  { href: '/audit', label: 'Audit' },
]

const Page = async () => {
  if (!mayIn(await requireActor(), 'audit.view', null)) return <FaultPage fault={new Fault('access.denied')} crumbs={crumbs} />
  return (
    <>
      <PageHeader crumbs={crumbs} title="Verify the audit log" />
      <div className="page-body">
        <Card title="The chain">
          <AuditVerify verify={verifyAuditLog} />
        </Card>
      </div>
    </>
  )
}

export default Page
