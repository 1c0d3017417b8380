'use client'

import './discovery.css'
import { useId, useState } from 'react'
import type { FindOptions } from '@/components/fields/input-props'
import { ReferenceInput } from '@/components/fields/reference-input'
import { Button } from '@/components/ui/button'
import type { FieldDescription } from '@/lib/kernel/resource/field'

const serverField: FieldDescription = { name: 'serverId', kind: 'reference', to: 'server', label: 'Server' }

/** Chooses the registered server that a machine is. `because`: why this person may not; null: they may. */
export const TieMachine = ({
  title,
  environmentId,
  isBusy,
  because,
  find,
  onTie,
}: {
  title: string
  environmentId: string
  isBusy: boolean
  because: string | null
  find: FindOptions
  onTie: (serverId: string) => void
}) => {
  const id = useId()
  const [server, setServer] = useState({ id: '', title: '' })
  const reason = because ?? (server.id === '' ? 'Choose the server first.' : null)
  return (
    <>
      <label className="sr-only" htmlFor={id}>
        Server that {title} is
      </label>
      <ReferenceInput
        field={serverField}
        ids={{ id, 'aria-describedby': undefined, 'aria-invalid': undefined, 'aria-required': undefined }}
        name={id}
        value={server.id}
        title={server.title}
        environmentId={environmentId}
        find={find}
        onChange={(chosen) => setServer({ id: String(chosen ?? ''), title: '' })}
        onOption={(option) => setServer({ id: option.id, title: option.title })}
        onBlur={() => {}}
      />
      <Button
        disabled={isBusy || reason !== null}
        title={reason ?? undefined}
        aria-label={`Tie ${title} to the server`}
        onClick={() => onTie(server.id)}
      >
        Tie
      </Button>
    </>
  )
}
