'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { Note } from '@/components/ui/note'
import type { AuditVerdict } from '@/lib/shapes/audit'
import type { Outcome } from '@/lib/shapes/outcome'

/** Recomputes the whole chain of the audit log and says whether any line was changed, taken out or put in. */
export const AuditVerify = ({ verify }: { verify: () => Promise<Outcome<AuditVerdict>> }) => {
  const [isBusy, setBusy] = useState(false)
  const [result, setResult] = useState<Outcome<AuditVerdict> | null>(null)
  const run = async () => {
    setBusy(true)
    setResult(
      await verify().catch(() => ({
        ok: false as const,
        code: 'internal.bug' as const,
        message: 'The console did not answer.',
        fields: [],
      })),
    )
    setBusy(false)
  }
  return (
    <div className="grid gap-3">
      <p className="max-w-[80ch]">
        Every line of the audit log carries a hash over itself and the line before. Verifying reads them all, computes each hash again and
        compares it with the copies of the signed checkpoints; a million lines take about a minute.
      </p>
      <div>
        <Button variant="primary" disabled={isBusy} onClick={run}>
          {isBusy ? 'Verifying …' : 'Verify the audit log'}
        </Button>
      </div>
      {result && !result.ok && <Note tone="bad" isAlert title={result.message} />}
      {result?.ok &&
        (result.value.ok ? (
          <Note tone="good" isAlert title={`All ${result.value.lines} lines are intact: none was changed, removed or inserted.`}>
            <p>
              They agree with {result.value.checkpoints} signed {result.value.checkpoints === 1 ? 'checkpoint' : 'checkpoints'}. The last
              hash:
            </p>
            <code className="code my-1">{result.value.head}</code>
            <CopyButton text={result.value.head} label="Copy the hash" />
          </Note>
        ) : (
          <Note
            tone="bad"
            isAlert
            title={
              result.value.firstBroken === undefined
                ? 'A checkpoint is not the one that was signed.'
                : `The log differs from line ${result.value.firstBroken} on.`
            }
          >
            {result.value.because} {result.value.firstBroken !== undefined && `The ${result.value.lines} lines before it hold. `}Keep the
            database as it is and find out who had access to it.
          </Note>
        ))}
    </div>
  )
}
