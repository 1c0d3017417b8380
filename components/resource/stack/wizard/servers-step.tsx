'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { PickField } from '@/components/ui/pick-field'
import { Sheet } from '@/components/ui/sheet'
import { State } from '@/components/ui/state'
import { type StackPart, stackParts } from '@/lib/domain/stack/stack'
import { formatBytes } from '@/lib/domain/values/bytes'
import { type ServerToBuildOn, suggestedParts } from '@/lib/shapes/stack-draft'
import { Line, Rows, type StepProps } from './fields'

const partNames: Record<StackPart, string> = { postgres: 'PostgreSQL', etcd: 'etcd', pooler: 'PgBouncer', proxy: 'HAProxy' }
const states = {
  reachable: <State tone="good">reachable</State>,
  unreachable: <State tone="bad">unreachable</State>,
  refused: <State tone="bad">refused</State>,
  unknown: <State tone="neutral">unknown</State>,
} as const

const shownMost = 200

/** Names the cluster, and gives servers their parts. */
export const ServersStep = ({
  step,
  environments,
  servers,
}: {
  step: StepProps
  environments: readonly { id: string; name: string }[]
  servers: readonly ServerToBuildOn[]
}) => {
  const { form, problemOf } = step
  const [search, setSearch] = useState('')
  const [isFreeOnly, setFreeOnly] = useState(true)
  const { environmentId, parts } = form.watch()
  const words = search.trim().toLowerCase()
  const chosen = servers.filter(({ name }) => (parts[name] ?? []).length > 0)
  const found = servers.filter(
    (one) =>
      one.environmentId === environmentId &&
      (chosen.includes(one) ||
        ((!isFreeOnly || one.carries.length === 0) && `${one.name} ${one.address} ${one.site}`.toLowerCase().includes(words))),
  )
  const give = (name: string, part: StackPart, isOn: boolean) => {
    const now = parts[name] ?? []
    form.setValue(
      'parts',
      { ...parts, [name]: stackParts.filter((one) => (one === part ? isOn : now.includes(one))) },
      { shouldDirty: true },
    )
  }
  const counts = stackParts.map((part) => `${partNames[part]} ${chosen.filter(({ name }) => parts[name]!.includes(part)).length}`)
  return (
    <>
      <Rows>
        <Line step={step} name="cluster" of="cluster" label="Name" help="Patroni’s scope; also the name of the herd." isRequired />
        <Line step={step} name="network" of="network" label="Network of clients" help="CIDR notation: 10.0.0.0/8." isRequired />
        <PickField
          label="Environment"
          isRequired
          value={environmentId}
          choices={environments}
          onPick={(id) => {
            form.setValue('environmentId', id, { shouldDirty: true })
            form.setValue('parts', {})
          }}
        />
      </Rows>
      <fieldset className="grid gap-2">
        <legend className="mb-1 font-semibold">Servers and their parts</legend>
        <p className="text-ink-2">PostgreSQL on two or more, etcd on three or five. Connections come through HAProxy or PgBouncer.</p>
        <div className="flex flex-wrap items-center gap-3">
          <input
            className="input w-56"
            type="search"
            aria-label="Search servers"
            placeholder="Name, address or site"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <label className="flex items-center gap-2">
            <input type="checkbox" checked={isFreeOnly} onChange={(event) => setFreeOnly(event.target.checked)} />
            Free servers only
          </label>
          <Button
            isSmall
            disabled={found.length === 0 || found.length > 6}
            onClick={() => form.setValue('parts', suggestedParts(found.map(({ name }) => name)), { shouldDirty: true })}
          >
            Give all shown every part
          </Button>
          <Button isSmall variant="quiet" disabled={chosen.length === 0} onClick={() => form.setValue('parts', {}, { shouldDirty: true })}>
            Clear
          </Button>
        </div>
        {problemOf('servers') && (
          <Note tone="bad" isAlert>
            {problemOf('servers')}
          </Note>
        )}
        {found.length === 0 ? (
          <p className="py-6 text-center text-ink-2">
            No {isFreeOnly ? 'free ' : ''}server {words && 'of that name '}in this environment. Register servers first, under Servers.
          </p>
        ) : (
          <Sheet
            label="Servers"
            columns={[
              { text: 'Server' },
              ...stackParts.map((part) => ({ text: partNames[part] })),
              { text: 'State' },
              { text: 'CPUs', isNumber: true },
              { text: 'Memory', isNumber: true },
              { text: 'Address' },
              { text: 'Site' },
              { text: 'Carries' },
            ]}
          >
            {found.slice(0, shownMost).map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.name}</th>
                {stackParts.map((part) => (
                  <td key={part}>
                    <input
                      type="checkbox"
                      aria-label={`${partNames[part]} on ${one.name}`}
                      checked={(parts[one.name] ?? []).includes(part)}
                      onChange={(event) => give(one.name, part, event.target.checked)}
                    />
                  </td>
                ))}
                <td>{states[one.state]}</td>
                <td className="n">{one.cpus ?? '—'}</td>
                <td className="n">{one.memoryBytes === null ? '—' : formatBytes(one.memoryBytes)}</td>
                <td className="font-mono">{one.address}</td>
                <td>{one.site || '—'}</td>
                <td>{one.carries.length === 0 ? 'nothing registered' : one.carries.join(', ')}</td>
              </tr>
            ))}
          </Sheet>
        )}
        <p role="status" className="text-ink-2">
          {chosen.length === 0 ? 'No server has a part yet.' : `${chosen.length} servers: ${counts.join(', ')}.`}
          {found.length > shownMost && ` The first ${shownMost} of ${found.length} are shown.`}
        </p>
      </fieldset>
    </>
  )
}
