'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { writes } from '@/lib/shapes/writes'

/** What two persons have to agree on is lowered by two. `until`: ISO time; null: nobody allowed it. `because`: why this person may not; null: they may. */
export const AllowLowering = ({
  id,
  by,
  until,
  because,
}: {
  id: string
  by: string | null
  until: string | null
  because: string | null
}) => {
  const router = useRouter()
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const allow = async () => {
    setBusy(true)
    const outcome = await callApi(writes.allowLowering(id))
    setRefusal(outcome.ok ? null : outcome.message)
    setBusy(false)
    router.refresh()
  }
  return (
    <Card title="Lowering the safeguards">
      <div className="grid gap-3">
        {refusal && <Note tone="bad" isAlert title={refusal} />}
        <p className="text-ink-2">
          Lower protection, wider windows or looser limits take two administrators here: one allows it, another one saves it.
        </p>
        {until !== null && (
          <p>
            {by ?? 'Somebody'} allows another administrator to lower them once, until <Moment at={until} />.
          </p>
        )}
        <div>
          <Button isSmall disabled={isBusy || because !== null} title={because ?? undefined} onClick={() => void allow()}>
            Allow another administrator to lower them
          </Button>
        </div>
      </div>
    </Card>
  )
}
