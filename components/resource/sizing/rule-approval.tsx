'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import { writes } from '@/lib/shapes/writes'

export interface RuleApprovalShown {
  revision: number
  /** null: nobody approved the rule as it is. */
  approvedBy: string | null
  approvedAt: string | null
  /** Why this person may not approve it; null: they may. */
  because: string | null
}

/** Where the environment asks a second person: who approved the rule as it is, or that somebody has to. */
export const RuleApproval = ({
  id,
  approval: { revision, approvedBy, approvedAt, because },
}: {
  id: string
  approval: RuleApprovalShown
}) => {
  const router = useRouter()
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const approve = async () => {
    setBusy(true)
    setProblem(null)
    const answer = await callApi(writes.approveRule(id, revision))
    if (!answer.ok) setProblem(answer.message)
    setBusy(false)
    router.refresh()
  }
  if (approvedBy !== null)
    return (
      <p>
        <State tone="good">Approved</State> by {approvedBy}
        {approvedAt !== null && (
          <>
            {' '}
            at <Moment at={approvedAt} />
          </>
        )}
        . The approval applies to the rule as it is; a change needs another one.
      </p>
    )
  return (
    <>
      <Note
        tone="warn"
        title="A second person must approve this rule"
        actions={
          <Button variant="env" disabled={because !== null || isBusy} title={because ?? undefined} onClick={() => void approve()}>
            Approve rule
          </Button>
        }
      >
        <p>
          Its environment asks a second person for approval. Until somebody approves the rule, it decides and submits nothing.
          {because === null ? '' : ` ${because}`}
        </p>
      </Note>
      {problem && <Note tone="bad" isAlert title={problem} />}
    </>
  )
}
