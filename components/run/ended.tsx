'use client'

import Link from 'next/link'
import { useEffect, useState } from 'react'
import { nextStepBack } from '@/components/failover/fail-back'
import { Card } from '@/components/ui/card'
import { answerOf, type FailBackSeen, reads } from '@/lib/shapes/reads'
import { CertificateLink } from './certificate-link'

const everyMs = 2_000
const triesMax = 30

const failBackOf = async (herdId: string, signal: AbortSignal): Promise<FailBackSeen | null> => {
  const address = reads.failBack(herdId)
  const answer = await fetch(address, { signal })
  return answer.ok ? await answerOf(address, answer) : null
}

const useFailBack = (herdId: string): FailBackSeen | null => {
  const [seen, setSeen] = useState<FailBackSeen | null>(null)
  useEffect(() => {
    const gone = new AbortController()
    let tries = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      tries += 1
      const read = await failBackOf(herdId, gone.signal).catch(() => null)
      if (gone.signal.aborted) return
      if (read !== null) setSeen(read)
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

/** What to open once a run that moved the primary of a herd has ended: its report, its certificate, and what is next for the former primary. */
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
