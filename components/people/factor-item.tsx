'use client'

import { type FormEvent, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Age } from '@/components/ui/zone'

export interface Factor {
  id: string
  kind: 'totp' | 'passkey'
  name: string
  createdAt: string
  lastUsedAt: string | null
}

interface Props {
  factor: Factor
  isBusy: boolean
  /** True once it has the name. */
  rename: (name: string) => Promise<boolean>
  remove: () => void
}

const kindWords = { totp: 'authenticator app', passkey: 'passkey' } as const

/** One second factor in the list of one's own. */
export const FactorItem = ({ factor: { kind, name, createdAt, lastUsedAt }, isBusy, rename, remove }: Props) => {
  const [isRenaming, setRenaming] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (await rename(input.current!.value)) setRenaming(false)
  }
  if (isRenaming)
    return (
      <li className="border-t border-line px-3.5 py-2 first:border-t-0">
        <form className="flex flex-wrap items-center gap-2" onSubmit={submit}>
          <input
            ref={input}
            className="input max-w-64"
            aria-label={`New name of ${name}`}
            defaultValue={name}
            maxLength={60}
            autoComplete="off"
            // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed
            autoFocus
            required
          />
          <Button isSmall type="submit" variant="primary" disabled={isBusy}>
            Rename
          </Button>
          <Button isSmall disabled={isBusy} onClick={() => setRenaming(false)}>
            Cancel
          </Button>
        </form>
      </li>
    )
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 first:border-t-0">
      <span className="font-semibold">{name}</span>
      <span className="text-ink-2">
        {kindWords[kind]}, added <Age at={createdAt} />,{' '}
        {lastUsedAt ? (
          <>
            used <Age at={lastUsedAt} />
          </>
        ) : (
          'not used yet'
        )}
      </span>
      <span className="ml-auto flex gap-2">
        <Button isSmall disabled={isBusy} aria-label={`Rename ${name}`} onClick={() => setRenaming(true)}>
          Rename
        </Button>
        <Button isSmall disabled={isBusy} aria-label={`Remove ${name}`} onClick={remove}>
          Remove
        </Button>
      </span>
    </li>
  )
}
