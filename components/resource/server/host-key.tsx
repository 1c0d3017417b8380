'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import type { CheckServerActions } from './server-check'

/** The host shows another key than the pinned one: both fingerprints, and the one button that ends the refusal. */
export const HostKeyAlarm = ({
  serverId,
  revision,
  pinned,
  offered,
  because,
  saveRecord,
}: {
  serverId: string
  revision: number
  pinned: string | null
  offered: string
  /** Why this person may not accept it; null: they may. */
  because: string | null
  saveRecord: CheckServerActions['saveRecord']
}) => {
  const router = useRouter()
  const [problem, setProblem] = useState<string | null>(null)
  const accept = async () => {
    const answer = await saveRecord('server', serverId, { hostKey: offered }, revision)
    if (!answer.ok) setProblem(answer.message)
    else router.refresh()
  }
  return (
    <Note
      tone="bad"
      isAlert
      title="The host shows another key than the pinned one. Everything on this server is refused."
      actions={
        <Button look="danger" disabled={because !== null} title={because ?? undefined} onClick={() => void accept()}>
          Accept the new key
        </Button>
      }
    >
      <dl className="facts">
        <dt>Pinned</dt>
        <dd>
          <code>{pinned ?? 'none'}</code>
        </dd>
        <dt>Shown now</dt>
        <dd>
          <code>{offered}</code>
        </dd>
      </dl>
      <p>
        Was the host reinstalled? Then compare the new fingerprint there and accept it. If not, somebody else may be answering: find out
        first.
        {because && ` ${because}`}
      </p>
      {problem && <p className="st bad">{problem}</p>}
    </Note>
  )
}
