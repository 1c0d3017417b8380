'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import type { HostTokenDecision } from '@/lib/shapes/inbox'
import { writes } from '@/lib/shapes/writes'

/** Who speaks for a host. `because`: why this person may not change it; null: they may. */
export const HostToken = ({
  id,
  isRevoked,
  isWaiting,
  from,
  because,
}: {
  id: string
  isRevoked: boolean
  isWaiting: boolean
  from: string | null
  because: string | null
}) => {
  const router = useRouter()
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const decide = async (decision: HostTokenDecision) => {
    setBusy(true)
    const outcome = await callApi(writes.hostToken(id, decision))
    setRefusal(outcome.ok ? null : outcome.message)
    setBusy(false)
    router.refresh()
  }
  const button = (decision: HostTokenDecision, label: string, variant?: 'primary' | 'danger') => (
    <Button variant={variant} disabled={isBusy || because !== null} title={because ?? undefined} onClick={() => void decide(decision)}>
      {label}
    </Button>
  )
  return (
    <>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      {isWaiting && (
        <Note
          tone="warn"
          title="Somebody with an enrolment key enrolled this host again. Its new token waits for a person."
          actions={
            <>
              {button('refuse', 'Refuse')}
              {button('accept', 'Accept', 'primary')}
            </>
          }
        >
          <p>
            {from !== null && `It was asked for from ${from}. `}
            Accept only if the host was reinstalled or lost its token: whoever holds the new one speaks for the host.
          </p>
        </Note>
      )}
      <Card title="Token" actions={!isRevoked && button('revoke', 'Revoke the token', 'danger')}>
        <p className="text-ink-2">
          {isRevoked
            ? 'Revoked: no report of this host is taken. When it enrols again, its new token waits here.'
            : 'The host’s agent reports with a token of its own. Revoke it when the host, or the file that holds it, may be in other hands.'}
        </p>
      </Card>
    </>
  )
}
