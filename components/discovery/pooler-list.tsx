'use client'

import { useState } from 'react'
import type { FindOptions } from '@/components/fields/input-props'
import { ReferenceInput } from '@/components/fields/reference-input'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { InboxPooler } from '@/lib/shapes/inbox'
import { SuggestedActions } from './suggested-actions'
import { useTicked } from './use-ticked'
import type { InboxWork } from './work'

const herdField: FieldDescription = { name: 'herdId', kind: 'reference', to: 'herd', label: 'Herd' }

const shownMax = 5

const leadsTo = (databases: InboxPooler['databases']): string => {
  const shown = databases.slice(0, shownMax).map(({ name, host, port }) => `${name} → ${host ?? 'its own host'}:${port}`)
  return [...shown, ...(databases.length > shownMax ? [`${databases.length - shownMax} more`] : [])].join(', ')
}

export const PoolerList = ({
  poolers,
  mayAccept,
  work,
  findHerds,
}: {
  poolers: readonly InboxPooler[]
  mayAccept: boolean
  work: InboxWork
  findHerds: FindOptions
}) => {
  const [chosen, setChosen] = useState<Record<string, { id: string; title: string }>>({})
  const { ticked, setTicked, toggle } = useTicked()
  const herdOf = (pooler: InboxPooler) => chosen[pooler.id] ?? { id: pooler.suggestedHerdId ?? '', title: pooler.suggestedHerdName ?? '' }
  const isReady = (pooler: InboxPooler) => herdOf(pooler).id !== '' && pooler.socketDirectory !== null
  const suggested = poolers.filter((pooler) => pooler.suggestedHerdId !== null && isReady(pooler))
  const selected = poolers.filter((pooler) => ticked.has(pooler.id))
  const accept = (list: readonly InboxPooler[]) =>
    work.accept(
      'discovered-poolers',
      list.map((pooler) => ({ id: pooler.id, herdId: herdOf(pooler).id })),
    )

  return (
    <Card
      title={`Poolers (${poolers.length})`}
      isFlush
      actions={
        mayAccept &&
        poolers.length > 0 && (
          <SuggestedActions suggested={suggested} selected={selected} isReady={isReady} work={work} onTick={setTicked} onAccept={accept} />
        )
      }
    >
      {poolers.length === 0 ? (
        <p className="p-4 text-ink-2">No poolers pending: every PgBouncer seen on a registered server is registered or ignored.</p>
      ) : (
        <ul className="inbox">
          {poolers.map((pooler) => (
            <li key={pooler.id}>
              {mayAccept && (
                <input
                  type="checkbox"
                  aria-label={`Tick ${pooler.title}`}
                  checked={ticked.has(pooler.id)}
                  onChange={() => toggle(pooler.id)}
                />
              )}
              <div className="inbox-what">
                <p>
                  <strong>{pooler.title}</strong>{' '}
                  <span className="text-ink-2">
                    {pooler.poolMode}, {pooler.authType}, <code>{pooler.configPath}</code>
                  </span>
                </p>
                <p className="text-ink-2">{pooler.suggestion}</p>
                {pooler.databases.length > 0 && <p className="text-ink-2">{leadsTo(pooler.databases)}</p>}
                {pooler.socketDirectory === null && (
                  <p className="st warn whitespace-normal">
                    It has no unix_socket_dir with a file; the console reaches a pooler in no other way.
                  </p>
                )}
                {work.refusals[pooler.id] && <p className="st bad whitespace-normal">{work.refusals[pooler.id]}</p>}
              </div>
              {mayAccept && (
                <div className="inbox-acts">
                  <label className="sr-only" htmlFor={`herd-${pooler.id}`}>
                    Herd behind {pooler.title}
                  </label>
                  <ReferenceInput
                    field={herdField}
                    ids={{
                      id: `herd-${pooler.id}`,
                      'aria-describedby': undefined,
                      'aria-invalid': undefined,
                      'aria-required': undefined,
                    }}
                    name={`herd-${pooler.id}`}
                    value={herdOf(pooler).id}
                    title={herdOf(pooler).title}
                    environmentId={pooler.environmentId}
                    find={findHerds}
                    onChange={(id) => setChosen((now) => ({ ...now, [pooler.id]: { id: String(id ?? ''), title: '' } }))}
                    onOption={(option) => setChosen((now) => ({ ...now, [pooler.id]: { id: option.id, title: option.title } }))}
                    onBlur={() => {}}
                  />
                  <Button
                    disabled={work.isBusy || !isReady(pooler)}
                    title={
                      isReady(pooler)
                        ? undefined
                        : pooler.socketDirectory === null
                          ? 'It has no unix_socket_dir with a file.'
                          : 'Choose the herd behind it first.'
                    }
                    onClick={() => accept([pooler])}
                  >
                    Accept
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
