'use client'

import { type ReactNode, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'

const comparedLength = 6

interface AlarmProps {
  pinned: string
  offered: string
  /** Why this person may not accept it; null: they may. */
  because: string | null
  accept: () => Promise<void>
}

/** Who answers is not who was registered: both sides, and what ends the refusal once somebody has compared the new one. */
const IdentityAlarm = ({
  pinned,
  offered,
  because,
  accept,
  title,
  acceptLabel,
  compare,
  field,
}: AlarmProps & { title: string; acceptLabel: string; compare: ReactNode; field: string }) => {
  const [typed, setTyped] = useState('')
  const isCompared = typed.trim() === offered.slice(-comparedLength)
  return (
    <Note
      tone="bad"
      isAlert
      title={title}
      actions={
        <Button variant="danger" disabled={because !== null || !isCompared} title={because ?? undefined} onClick={() => void accept()}>
          {acceptLabel}
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
        {compare}
        {because && ` ${because}`}
      </p>
      {because === null && (
        <Field label={`Last ${comparedLength} characters of ${field}`}>
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

/** The host shows another key than the pinned one. */
export const HostKeyAlarm = (props: AlarmProps) => (
  <IdentityAlarm
    {...props}
    title="The host shows another key than the pinned one. Everything on this server is refused."
    acceptLabel="Accept the new key"
    field="the fingerprint, as the host prints it"
    compare={
      <>
        Was the host reinstalled? Then read the new fingerprint on the host itself:{' '}
        <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>. If it was not, another machine may be answering: find out first.
      </>
    }
  />
)

/** The host has its pinned key, and is another machine than the one that was registered at its first login. */
export const MachineAlarm = (props: AlarmProps) => (
  <IdentityAlarm
    {...props}
    title="Another machine answers than the registered one. Everything on this server is refused."
    acceptLabel="Accept the new machine"
    field="the machine identity, as the host prints it"
    compare={
      <>
        Was the host replaced or restored from a copy? Then read its identity on the host itself: <code>cat /etc/machine-id</code>. If it
        was not, find out first which machine answers at this address.
      </>
    }
  />
)
