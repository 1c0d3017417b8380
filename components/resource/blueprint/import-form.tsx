'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { PickField } from '@/components/ui/pick-field'
import { RefusalNote } from '@/components/ui/refusal-note'
import type { ImportShown } from '@/lib/shapes/blueprints'
import type { Refusal } from '@/lib/shapes/outcome'
import { writes } from '@/lib/shapes/writes'
import { ImportTable } from './import-table'

interface Place {
  id: string
  name: string
  accounts: readonly { id: string; name: string }[]
}

/** Reads a pasted manifest, shows what becomes of each key, and adds the blueprint. */
export const ImportForm = ({ environments, labels }: { environments: readonly Place[]; labels: Readonly<Record<string, string>> }) => {
  const router = useRouter()
  const [text, setText] = useState('')
  const [environmentId, setEnvironment] = useState(environments[0]?.id ?? '')
  const [accountId, setAccount] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [read, setRead] = useState<ImportShown | null>(null)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const accounts = environments.find(({ id }) => id === environmentId)?.accounts ?? []
  const ask = async (saves: boolean) => {
    setBusy(true)
    setRefusal(null)
    const answer = await callApi(writes.importBlueprint({ text, saves, environmentId, accountId: accountId || null }))
    setBusy(false)
    if (!answer.ok) return setRefusal(answer)
    setRead(answer.value)
    if (answer.value.id !== null) router.push(`/blueprints/${answer.value.id}/edit`)
  }
  const isClean = read !== null && read.unknown.length === 0 && read.problems.length === 0
  return (
    <>
      <Card title="What to import">
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            void ask(false)
          }}
        >
          {refusal && <RefusalNote refusal={refusal} />}
          <Field
            label="Manifest, flags or variables"
            help="A manifest of pg-spot-operator or of this console (YAML), a command line with its flags, or variables, of any release (PGSO_… as well)."
          >
            {(ids) => (
              <textarea
                {...ids}
                className="input font-mono"
                rows={14}
                spellCheck={false}
                value={text}
                onChange={(event) => {
                  setText(event.target.value)
                  setRead(null)
                }}
              />
            )}
          </Field>
          <div className="flex flex-wrap gap-4">
            <PickField
              label="Environment"
              isRequired
              value={environmentId}
              choices={environments}
              onPick={(id) => {
                setEnvironment(id)
                setAccount('')
              }}
            />
            <PickField label="Cloud account" value={accountId} choices={accounts} none="none yet" onPick={setAccount} />
          </div>
          <div className="flex flex-wrap gap-2">
            <Button type="submit" variant={isClean ? 'plain' : 'primary'} disabled={isBusy || text.trim() === ''}>
              Read
            </Button>
            <Button variant={isClean ? 'primary' : 'plain'} disabled={isBusy || !isClean} onClick={() => void ask(true)}>
              Add blueprint
            </Button>
          </div>
        </form>
      </Card>
      {read !== null && <ImportTable read={read} labels={labels} />}
    </>
  )
}
