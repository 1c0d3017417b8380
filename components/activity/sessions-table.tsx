'use client'

import { Fragment } from 'react'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import { type Grouping, grouped, type ShownSession, stateWords } from './shown'

const rowsMax = 300
const heads = ['pid', 'User', 'Database', 'Application', 'Client', 'State', 'For', 'Transaction', 'Statement']
const numeric = new Set(['pid', 'For', 'Transaction'])

const lasting = (seconds: number | null): string => (seconds === null ? '' : formatDuration(Math.floor(seconds)))

export interface SessionTicks {
  ticked: ReadonlySet<string>
  onTick: (key: string, isOn: boolean) => void
}

const Row = ({ shown, hasInstance, ticks }: { shown: ShownSession; hasInstance: boolean; ticks: SessionTicks | null }) => {
  const { session, key, instance } = shown
  return (
    <tr>
      {ticks && (
        <td className="x">
          <input
            type="checkbox"
            aria-label={`Select session ${session.pid} on ${instance}`}
            checked={ticks.ticked.has(key)}
            onChange={(event) => ticks.onTick(key, event.target.checked)}
          />
        </td>
      )}
      <th scope="row" className="n">
        {session.pid}
      </th>
      {hasInstance && <td>{instance}</td>}
      <td>{session.user}</td>
      <td>{session.database}</td>
      <td>{session.application}</td>
      <td>{session.client ?? (session.kind === 'client backend' ? 'socket' : '')}</td>
      <td>
        {stateWords(session)}
        {session.blockedBy.length > 0 && <strong> behind {session.blockedBy.join(', ')}</strong>}
      </td>
      <td className="n">{lasting(session.stateSeconds)}</td>
      <td className="n">{lasting(session.transactionSeconds)}</td>
      <td className="activity-statement" title={session.statement ?? undefined}>
        <code>{session.statement}</code>
      </td>
    </tr>
  )
}

/** Sessions, with those of a group together under its name. */
export const SessionsTable = ({
  sessions,
  by,
  hasInstance,
  ticks,
}: {
  sessions: readonly ShownSession[]
  by: Grouping
  hasInstance: boolean
  ticks: SessionTicks | null
}) => {
  const shown = sessions.slice(0, rowsMax)
  const columns = heads.toSpliced(1, 0, ...(hasInstance ? ['Instance'] : []))
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: sessions">
        <table className="sheet" data-density="dense">
          <thead>
            <tr>
              {ticks && (
                <th className="x" scope="col">
                  <span className="sr-only">Select</span>
                </th>
              )}
              {columns.map((head) => (
                <th key={head} scope="col" className={numeric.has(head) ? 'n' : undefined}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {grouped(shown, by).map((group) => (
              <Fragment key={group.name}>
                {by !== 'none' && (
                  <tr className="activity-group">
                    <th colSpan={columns.length + (ticks ? 1 : 0)} scope="rowgroup">
                      {group.name} <span>{counted(group.sessions.length, 'session')}</span>
                    </th>
                  </tr>
                )}
                {group.sessions.map((one) => (
                  <Row key={one.key} shown={one} hasInstance={hasInstance} ticks={ticks} />
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </section>
      {sessions.length > rowsMax && (
        <p className="px-4 py-2 text-ink-2">
          The first {rowsMax} of {sessions.length}: search, or show fewer kinds, to see the others.
        </p>
      )}
    </>
  )
}
