'use client'

import Link from 'next/link'
import { useEffect, useState } from 'react'
import { State } from '@/components/ui/state'
import type { MoveVerdict } from '@/lib/domain/proof/certificate'
import type { Tone } from '@/lib/kernel/resource/field'
import { answerOf, reads } from '@/lib/shapes/reads'

const styles: Record<MoveVerdict['kind'], [Tone, string]> = {
  proven: ['good', 'Proven: no logged commit is lost'],
  'not-provable': ['warn', 'Not provable'],
  lost: ['bad', 'Commits are lost'],
}

/** It is issued a moment after its job has ended. */
const everyMs = 1_000
const triesMax = 30

/** Among those of its run, so that one that is not there yet is an empty list and no error. */
const verdictOf = async (runId: string, jobId: string, signal: AbortSignal): Promise<MoveVerdict['kind'] | null> => {
  const address = reads.certificates(runId)
  const answer = await fetch(address, { signal })
  if (!answer.ok) return null
  const { items } = await answerOf(address, answer)
  return items.find(({ id }) => id === jobId)?.verdict ?? null
}

/** Links to the certificate of a job that has ended, with its verdict, as soon as there is one. */
export const CertificateLink = ({ runId, jobId }: { runId: string; jobId: string }) => {
  const [verdict, setVerdict] = useState<MoveVerdict['kind'] | null>(null)
  const [isGivenUp, setGivenUp] = useState(false)
  useEffect(() => {
    const gone = new AbortController()
    let tries = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      tries += 1
      const issued = await verdictOf(runId, jobId, gone.signal).catch(() => null)
      if (gone.signal.aborted) return
      if (issued !== null) setVerdict(issued)
      else if (tries < triesMax) timer = setTimeout(() => void ask(), everyMs)
      else setGivenUp(true)
    }
    void ask()
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [runId, jobId])
  if (verdict === null)
    return <span className="text-ink-2">{isGivenUp ? 'No certificate was issued.' : 'The certificate is being issued …'}</span>
  const [tone, words] = styles[verdict]
  return (
    <span className="flex flex-wrap gap-x-3">
      <State tone={tone}>{words}</State>
      <Link href={`/certificates/${jobId}`} prefetch={false}>
        Certificate
      </Link>
    </span>
  )
}
