'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { Note } from '@/components/ui/note'
import type { KeyStep } from '@/lib/shapes/environment-key'
import { writes } from '@/lib/shapes/writes'

export interface ShownStanding {
  /** Line of authorized_keys; null: no worker has made it yet. */
  current: string | null
  next: { line: string | null; accepted: number; servers: number; missing: readonly string[] } | null
}

/** The SSH key that the hosts of an environment let in, and its replacement. `because`: why this person may not replace it; null: they may. */
export const EnvironmentKey = ({ id, standing, because }: { id: string; standing: ShownStanding; because: string | null }) => {
  const router = useRouter()
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const { current, next } = standing
  const take = async (step: KeyStep) => {
    setBusy(true)
    const outcome = await callApi(writes.keyStep(id, step))
    setRefusal(outcome.ok ? null : outcome.message)
    setBusy(false)
    router.refresh()
  }
  const button = (step: KeyStep, label: string, variant?: 'primary') => (
    <Button isSmall variant={variant} disabled={isBusy || because !== null} title={because ?? undefined} onClick={() => void take(step)}>
      {label}
    </Button>
  )
  return (
    <Card title="SSH key" actions={next === null && button('new', 'Make a new key')}>
      <div className="grid gap-3">
        {refusal && <Note tone="bad" isAlert title={refusal} />}
        {current === null ? (
          <p className="text-ink-2">There is no key yet. Start a worker; it creates one for each environment.</p>
        ) : (
          <Line line={current} what="Hosts of this environment let this key in, and no other:" />
        )}
        {next !== null && (
          <>
            {next.line === null ? (
              <p className="text-ink-2">A worker is making the new key.</p>
            ) : (
              <Line line={next.line} what="New key. Append its line on every host, beside the current one:" />
            )}
            <p className="text-ink-2">
              {next.accepted} of {next.servers} hosts accept it; workers try every minute.
              {next.missing.length > 0 &&
                ` Not yet: ${next.missing.join(', ')}${next.servers - next.accepted > next.missing.length ? ' …' : ''}.`}
            </p>
            <div className="flex flex-wrap gap-2">
              {button('switch', 'Switch to the new key', 'primary')}
              {button('discard', 'Discard it')}
            </div>
          </>
        )}
      </div>
    </Card>
  )
}

const Line = ({ line, what }: { line: string; what: string }) => (
  <div className="grid gap-2">
    <p className="text-ink-2">{what}</p>
    <code className="code">{line}</code>
    <div>
      <CopyButton text={line} label="Copy the line" />
    </div>
  </div>
)
