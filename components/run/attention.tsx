'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'
import type { JobView } from '@/lib/shapes/run'
import type { RunActions } from './shared'

/** A job that needs attention: what is known, what is not, the question, and what each answer does. */
export const Attention = ({ job, mayDecide, decide }: { job: JobView; mayDecide: boolean; decide: RunActions['decide'] }) => {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const attention = job.fold.attention
  if (job.state !== 'attention' || !attention) return null
  const answer = async (decision: 'resume' | 'abandon') => {
    setBusy(true)
    setRefusal(null)
    const outcome: Outcome<null> = await decide(job.id, decision).catch(() => ({
      ok: false as const,
      code: 'internal.bug' as const,
      message: 'The console did not answer. Reload the page before you decide again.',
      fields: [],
    }))
    if (!outcome.ok) setRefusal(outcome.message)
    setBusy(false)
  }
  return (
    <Note tone="warn" title={`${job.title} needs attention`}>
      <div className="grid gap-2">
        <p>{attention.because}</p>
        {attention.known.length > 0 && (
          <div>
            <p className="font-semibold">Known</p>
            <ul className="list-disc pl-5">
              {attention.known.map((fact) => (
                <li key={fact}>{fact}</li>
              ))}
            </ul>
          </div>
        )}
        {attention.unknown.length > 0 && (
          <div>
            <p className="font-semibold">Not known</p>
            <ul className="list-disc pl-5">
              {attention.unknown.map((fact) => (
                <li key={fact}>{fact}</li>
              ))}
            </ul>
          </div>
        )}
        <p className="font-semibold">{attention.question}</p>
        {mayDecide ? (
          <>
            <p className="text-ink-2">Until you decide, the job keeps its herd reserved: no other job starts there.</p>
            <div className="grid gap-2 sm:grid-cols-2">
              <div>
                <Button variant="primary" disabled={isBusy} onClick={() => answer('resume')}>
                  Resume
                </Button>
                <p className="text-ink-2">Checks the step again and continues from what it finds. A step that was done is not run again.</p>
              </div>
              <div>
                <Button variant="danger" disabled={isBusy} onClick={() => answer('abandon')}>
                  Abandon
                </Button>
                <p className="text-ink-2">
                  Releases what the job still holds, frees its herd for other jobs, and closes it as failed, listing what is left to do by
                  hand.
                </p>
              </div>
            </div>
            {refusal && (
              <p className="st bad whitespace-normal" role="alert">
                {refusal}
              </p>
            )}
          </>
        ) : (
          <p className="text-ink-2">You need the permission to run this operation there to decide.</p>
        )}
      </div>
    </Note>
  )
}
