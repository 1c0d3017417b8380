'use client'

import Link from 'next/link'
import { useEffect, useState } from 'react'
import { nextStepBack } from '@/components/failover/fail-back'
import { Card } from '@/components/ui/card'
import { CertificateLink } from './certificate-link'

/** What the observer says of the former primary, once it has looked. */
interface Seen {
  failBack: string | null
  failBackId: string | null
  failBackBecause: string | null
}

const everyMs = 2_000
const triesMax = 30

const useFailBack = (herdId: string): Seen | null => {
  const [seen, setSeen] = useState<Seen | null>(null)
  useEffect(() => {
    const gone = new AbortController()
    let tries = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      tries += 1
      const answer = await fetch(`/api/v1/dr-pairs/${herdId}`, { signal: gone.signal }).catch(() => null)
      if (gone.signal.aborted) return
      if (answer?.ok) setSeen((await answer.json()) as Seen)
      if (tries < triesMax) timer = setTimeout(() => void ask(), everyMs)
    }
    void ask()
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [herdId])
  return seen
}

/** Where a run that moved the primary of a herd leads once it has ended: its report, its certificate, and what is next for the former primary. */
export const AfterMove = ({ runId, jobId, herdId }: { runId: string; jobId: string; herdId: string }) => {
  const seen = useFailBack(herdId)
  const next =
    seen?.failBackId && seen.failBack && seen.failBack !== 'none'
      ? nextStepBack(herdId, { way: seen.failBack, instanceId: seen.failBackId })
      : null
  return (
    <Card title="Next steps">
      <ul className="grid gap-1.5">
        {next && (
          <li>
            <Link href={next.href} prefetch={false}>
              {next.label}
            </Link>
            {seen?.failBackBecause && <span className="text-ink-2">: {seen.failBackBecause}</span>}
          </li>
        )}
        <li>
          <Link href={`/failovers/${jobId}`} prefetch={false}>
            Report
          </Link>
        </li>
        <li>
          <CertificateLink runId={runId} jobId={jobId} />
        </li>
      </ul>
    </Card>
  )
}
