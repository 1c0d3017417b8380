import type { ReactNode } from 'react'
import { LinkButton } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/note'
import { type Fault, faultTable } from '@/lib/kernel/ground/errors'
import { type Crumb, PageHeader } from './page-header'

const nextStep: Partial<Record<Fault['code'], string>> = {
  'access.denied': 'Ask an administrator for a role that holds it. Your own permissions are at /account.',
  'record.missing': 'It may have been deleted, or it belongs to an environment you have no role in.',
  'database.down': 'Nothing was changed. Check the console’s metadata database, then reload the page.',
}

/** An expected "no" as a page: what happened, in the fault's words, and what to do next. */
export const FaultPage = ({ fault, crumbs = [], actions }: { fault: Fault; crumbs?: readonly Crumb[]; actions?: ReactNode }) => (
  <>
    <PageHeader crumbs={crumbs} title={faultTable[fault.code].sentence} />
    <EmptyState
      title={fault.message}
      actions={
        <>
          {actions}
          <LinkButton href="/">To the fleet</LinkButton>
        </>
      }
    >
      {nextStep[fault.code]} <span className="text-ink-3">({fault.code})</span>
    </EmptyState>
  </>
)
