'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { SecretOnce } from '@/components/people/secret-once'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import type { Tone } from '@/lib/kernel/resource/field'
import { type RenewedSecret, type TriedMessage, writes } from '@/lib/shapes/writes'

const looks: Record<TriedMessage['state'], [Tone, string]> = {
  sent: ['good', 'The destination took the message.'],
  'given-up': ['bad', 'The destination did not take the message.'],
  folded: ['warn', 'The message was not sent.'],
  waiting: ['warn', 'No answer yet. The list of messages will show it.'],
}

/** Sends a test through a worker and shows the answer; for a webhook also makes its signing secret, shown once. */
export const TryIt = ({
  id,
  isWebhook,
  isSigned,
  because,
}: {
  id: string
  isWebhook: boolean
  isSigned: boolean
  /** Why this person may not; null: they may. */
  because: string | null
}) => {
  const router = useRouter()
  const [busy, setBusy] = useState<'test' | 'secret' | null>(null)
  const [tried, setTried] = useState<TriedMessage | null>(null)
  const [made, setMade] = useState<RenewedSecret | null>(null)
  const [problem, setProblem] = useState<string | null>(null)

  const test = async () => {
    setBusy('test')
    setProblem(null)
    setTried(null)
    const answer = await callApi(writes.testSubscription(id))
    if (answer.ok) setTried(answer.value)
    else setProblem(answer.message)
    setBusy(null)
    router.refresh()
  }
  const renew = async () => {
    setBusy('secret')
    setProblem(null)
    const answer = await callApi(writes.renewSecret(id))
    if (answer.ok) setMade(answer.value)
    else setProblem(answer.message)
    setBusy(null)
    router.refresh()
  }

  const look = tried && looks[tried.state]
  const isDisabled = busy !== null || because !== null
  return (
    <Card title="Test">
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center gap-3">
          <Button onClick={() => void test()} disabled={isDisabled} title={because ?? undefined}>
            Send a test
          </Button>
          {isWebhook && (
            <Button onClick={() => void renew()} disabled={isDisabled} title={because ?? undefined}>
              {isSigned ? 'Replace signing secret' : 'Create signing secret'}
            </Button>
          )}
          {busy && <span className="spin" aria-hidden="true" />}
          <span role="status" className="text-ink-2">
            {busy === 'test' ? 'Sending…' : (because ?? 'A worker sends it once, also while the subscription is paused or quiet.')}
          </span>
        </div>
        {problem && <Note tone="bad" isAlert title={problem} />}
        {look && (
          <Note tone={look[0]} isAlert title={look[1]}>
            {tried.answer && <p className="[overflow-wrap:anywhere]">{tried.answer}</p>}
          </Note>
        )}
        {made && (
          <SecretOnce title="The signing secret" secret={made.secret} because="it is stored sealed for the worker">
            {made.previousUntil && (
              <p>
                The previous secret signs as well until <Moment at={made.previousUntil} />.
              </p>
            )}
          </SecretOnce>
        )}
        {isWebhook && !isSigned && !made && <Note tone="warn" title="Nothing is sent before it has a signing secret." />}
      </div>
    </Card>
  )
}
