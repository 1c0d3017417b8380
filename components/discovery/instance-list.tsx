'use client'

import { useState } from 'react'
import type { FindOptions } from '@/components/fields/input-props'
import { ReferenceInput } from '@/components/fields/reference-input'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { State } from '@/components/ui/state'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { InboxInstance } from '@/lib/shapes/inbox'
import { SuggestedActions } from './suggested-actions'
import { useTicked } from './use-ticked'
import type { InboxWork } from './work'

/** Where an instance goes: a herd that exists, or one that is made now. */
type Place = { kind: 'herd'; id: string; title: string } | { kind: 'new'; name: string }

const herdField: FieldDescription = { name: 'herdId', kind: 'reference', to: 'herd', label: 'Herd' }

const suggestedPlace = (instance: InboxInstance): Place =>
  instance.suggestedHerdId !== null
    ? { kind: 'herd', id: instance.suggestedHerdId, title: instance.suggestedHerdName ?? '' }
    : { kind: 'herd', id: '', title: '' }

const isPlaced = (place: Place) => (place.kind === 'herd' ? place.id !== '' : place.name.trim() !== '')

const PlaceInput = ({
  instance,
  place,
  onChange,
  findHerds,
}: {
  instance: InboxInstance
  place: Place
  onChange: (place: Place) => void
  findHerds: FindOptions
}) => (
  <div className="inbox-place">
    <select
      className="input w-auto"
      aria-label={`Herd of ${instance.name}: existing or new`}
      value={place.kind}
      onChange={(event) => onChange(event.target.value === 'new' ? { kind: 'new', name: instance.name } : suggestedPlace(instance))}
    >
      <option value="herd">In the herd</option>
      <option value="new">In a new herd</option>
    </select>
    {place.kind === 'new' ? (
      <input
        className="input max-w-44"
        aria-label={`Name of the new herd for ${instance.name}`}
        maxLength={80}
        value={place.name}
        onChange={(event) => onChange({ kind: 'new', name: event.target.value })}
      />
    ) : (
      <>
        <label className="sr-only" htmlFor={`herd-${instance.id}`}>
          Herd of {instance.name}
        </label>
        <ReferenceInput
          field={herdField}
          ids={{
            id: `herd-${instance.id}`,
            'aria-describedby': undefined,
            'aria-invalid': undefined,
            'aria-required': undefined,
          }}
          name={`herd-${instance.id}`}
          value={place.id}
          title={place.title}
          environmentId={instance.environmentId}
          find={findHerds}
          onChange={(id) => onChange({ kind: 'herd', id: String(id ?? ''), title: '' })}
          onOption={(option) => onChange({ kind: 'herd', id: option.id, title: option.title })}
          onBlur={() => {}}
        />
      </>
    )}
  </div>
)

export const InstanceList = ({
  instances,
  mayAccept,
  work,
  findHerds,
}: {
  instances: readonly InboxInstance[]
  mayAccept: boolean
  work: InboxWork
  findHerds: FindOptions
}) => {
  const [places, setPlaces] = useState<Record<string, Place>>({})
  const { ticked, setTicked, toggle } = useTicked()
  const placeOf = (instance: InboxInstance) => places[instance.id] ?? suggestedPlace(instance)
  const isReady = (instance: InboxInstance) => instance.serverId !== null && isPlaced(placeOf(instance))
  const selected = instances.filter((instance) => ticked.has(instance.id))
  const suggested = instances.filter((instance) => isReady(instance) && instance.suggestedHerdId !== null)
  const accept = (list: readonly InboxInstance[]) =>
    work.accept(
      'discovered-instances',
      list.map((instance) => {
        const place = placeOf(instance)
        return place.kind === 'new' ? { id: instance.id, newHerd: { name: place.name.trim() } } : { id: instance.id, herdId: place.id }
      }),
    )

  return (
    <Card
      title={`Instances (${instances.length})`}
      isFlush
      actions={
        mayAccept &&
        instances.length > 0 && (
          <SuggestedActions suggested={suggested} selected={selected} isReady={isReady} work={work} onTick={setTicked} onAccept={accept} />
        )
      }
    >
      {instances.length === 0 ? (
        <p className="p-4 text-ink-2">No instances pending: everything that agents report is registered or ignored.</p>
      ) : (
        <ul className="inbox">
          {instances.map((instance) => (
            <li key={instance.id}>
              {mayAccept && (
                <input
                  type="checkbox"
                  aria-label={`Tick ${instance.name} on ${instance.hostname}`}
                  checked={ticked.has(instance.id)}
                  onChange={() => toggle(instance.id)}
                />
              )}
              <div className="inbox-what">
                <p>
                  <strong>
                    {instance.name}:{instance.port}
                  </strong>{' '}
                  on {instance.hostname} <State tone={instance.state === 'online' ? 'good' : 'neutral'}>{instance.state}</State>{' '}
                  <span className="text-ink-2">
                    {instance.role === 'unknown' ? 'role not known' : instance.role}
                    {instance.version && `, ${instance.version}`}, <code>{instance.dataDirectory}</code>
                  </span>
                </p>
                <p className="text-ink-2">{instance.suggestion || 'No herd suggested.'}</p>
                {work.refusals[instance.id] && <p className="st bad whitespace-normal">{work.refusals[instance.id]}</p>}
              </div>
              {mayAccept && (
                <div className="inbox-acts">
                  {instance.serverId === null ? (
                    <span className="text-ink-2">Accept its host first.</span>
                  ) : (
                    <>
                      <PlaceInput
                        instance={instance}
                        place={placeOf(instance)}
                        findHerds={findHerds}
                        onChange={(place) => setPlaces((now) => ({ ...now, [instance.id]: place }))}
                      />
                      <Button
                        disabled={work.isBusy || !isReady(instance)}
                        title={isReady(instance) ? undefined : 'Choose an existing herd or name a new one first.'}
                        onClick={() => accept([instance])}
                      >
                        Accept
                      </Button>
                    </>
                  )}
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
