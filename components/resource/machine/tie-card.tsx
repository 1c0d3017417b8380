'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { TieMachine } from '@/components/discovery/tie-machine'
import { useFound } from '@/components/discovery/use-found'
import { callApi } from '@/components/run/call-api'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import type { ReferenceOption } from '@/lib/shapes/list'
import type { Outcome } from '@/lib/shapes/outcome'
import { type WriteCall, writes } from '@/lib/shapes/writes'

/** Which server a machine is: by hand, where its addresses do not say. `because`: why this person may not; null: they may. */
export const TieCard = ({
  id,
  title,
  environmentId,
  says,
  isTied,
  isIgnored,
  registerAt,
  because,
  findOptions,
}: {
  id: string
  title: string
  environmentId: string
  says: string
  /** By hand. */
  isTied: boolean
  isIgnored: boolean
  /** Where its host is registered as a server; null: elsewhere. */
  registerAt: string | null
  because: string | null
  findOptions: (resource: string, field: string, search: string, environmentId: string | null) => Promise<Outcome<ReferenceOption[]>>
}) => {
  const router = useRouter()
  const find = useFound(findOptions)
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const send = async (call: WriteCall<unknown>) => {
    setBusy(true)
    const outcome = await callApi(call)
    setRefusal(outcome.ok ? null : [outcome.message, ...outcome.fields.map(({ message }) => message)].join(' '))
    setBusy(false)
    router.refresh()
  }
  return (
    <Card title="Server">
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      <p className="mb-2 text-ink-2">{says}</p>
      <div className="inbox-acts">
        {isTied ? (
          <Button disabled={isBusy || because !== null} title={because ?? undefined} onClick={() => void send(writes.tieMachine(id, null))}>
            Untie
          </Button>
        ) : (
          <>
            <TieMachine
              {...{ title, environmentId, isBusy, because, find }}
              onTie={(serverId) => void send(writes.tieMachine(id, serverId))}
            />
            {registerAt !== null && <LinkButton href={registerAt}>Register as a server</LinkButton>}
            <Button
              disabled={isBusy || because !== null}
              title={because ?? undefined}
              onClick={() => void send(writes.ignoreMachines([id], !isIgnored))}
            >
              {isIgnored ? 'List again under Discovery' : 'Ignore'}
            </Button>
          </>
        )}
      </div>
    </Card>
  )
}
