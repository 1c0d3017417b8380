'use client'

import { useRouter } from 'next/navigation'
import { type ReactNode, useState, useTransition } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { writes } from '@/lib/shapes/writes'

export interface EndRow {
  id: string
  title: ReactNode
  detail: ReactNode
  /** What the button would end right now cannot be asked again: the login of this very page. */
  isThis?: boolean
}

/** Things that can be ended one by one: logins and tokens. `path` is their API path; ending is a DELETE. */
export const EndList = ({ rows, path, verb, empty }: { rows: readonly EndRow[]; path: string; verb: string; empty: string }) => {
  const router = useRouter()
  const [busy, setBusy] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  // What was ended cannot be ended again while the page still shows it.
  const [isRefreshing, startRefresh] = useTransition()
  const isBusy = busy !== null || isRefreshing
  const end = async (id: string) => {
    setBusy(id)
    const outcome = await callApi(writes.end(path, id))
    setRefusal(outcome.ok ? null : outcome.message)
    setBusy(null)
    if (outcome.ok) startRefresh(() => router.refresh())
  }
  return (
    <>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      {rows.length === 0 ? (
        <p className="p-3 text-ink-2">{empty}</p>
      ) : (
        <ul>
          {rows.map((row) => (
            <li key={row.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 first:border-t-0">
              <span className="font-semibold">{row.title}</span>
              <span className="text-ink-2">{row.detail}</span>
              <span className="ml-auto">
                {row.isThis ? (
                  <span className="tag">this one</span>
                ) : (
                  <Button isSmall disabled={isBusy} onClick={() => end(row.id)}>
                    {busy === row.id ? 'Ending …' : verb}
                  </Button>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
