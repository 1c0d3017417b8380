'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'

const comparedLength = 6

/** The host shows another key than the pinned one: both fingerprints, and what ends the refusal once somebody has compared the new one. */
export const HostKeyAlarm = ({
  pinned,
  offered,
  because,
  accept,
}: {
  pinned: string
  offered: string
  /** Why this person may not accept it; null: they may. */
  because: string | null
  accept: () => Promise<void>
}) => {
  const [typed, setTyped] = useState('')
  const isCompared = typed.trim() === offered.slice(-comparedLength)
  return (
    <Note
      tone="bad"
      isAlert
      title="The host shows another key than the pinned one. Everything on this server is refused."
      actions={
        <Button variant="danger" disabled={because !== null || !isCompared} title={because ?? undefined} onClick={() => void accept()}>
          Accept the new key
        </Button>
      }
    >
      <dl className="facts">
        <dt>Pinned</dt>
        <dd>
          <code>{pinned}</code>
        </dd>
        <dt>Shown now</dt>
        <dd>
          <code>{offered}</code>
        </dd>
      </dl>
      <p>
        Was the host reinstalled? Then read the new fingerprint on the host itself:{' '}
        <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>. If it was not, another machine may be answering: find out first.
        {because && ` ${because}`}
      </p>
      {because === null && (
        <Field label={`Last ${comparedLength} characters of the fingerprint, as the host prints it`}>
          {(ids) => (
            <input
              {...ids}
              className="input max-w-40 font-mono"
              autoComplete="off"
              spellCheck={false}
              maxLength={comparedLength}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
      )}
    </Note>
  )
}
