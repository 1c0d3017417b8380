'use client'

import './statements.css'
import { useEffect, useState } from 'react'
import { askRead, whyNot } from '@/components/run/ask-read'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { Field } from '@/components/ui/field'
import { EmptyState, Note } from '@/components/ui/note'
import { formatMoment } from '@/components/ui/time'
import { Age, Moment, useZone } from '@/components/ui/zone'
import type { StatementOrder } from '@/lib/domain/statements/statement'
import { reads } from '@/lib/shapes/reads'
import type { TopStatements } from '@/lib/shapes/statements'
import { StatementsTable } from './table'
import { orderWords } from './words'

interface Chosen {
  from: string
  to: string
  order: StatementOrder
}

/** What was asked for last, and what was answered; `because`: why the console did not answer. */
const useStatements = (initial: TopStatements, given: Chosen) => {
  const [chosen, setChosen] = useState(given)
  const [held, setHeld] = useState({ answer: initial, because: null as string | null, isLooking: false })
  const ask = async (wanted: Chosen, look?: 'now') => {
    setChosen(wanted)
    setHeld((before) => ({ ...before, because: null, isLooking: look === 'now' }))
    const address = reads.statements(initial.instanceId, { ...wanted, ...(look && { look }) })
    try {
      setHeld({ answer: await askRead(address), because: null, isLooking: false })
    } catch (error) {
      setHeld((before) => ({ ...before, because: whyNot(error), isLooking: false }))
    }
  }
  return { ...held, chosen, ask }
}

/** The statements that led between two samples; the address holds which. */
export const Statements = ({ initial, given }: { initial: TopStatements; given: Chosen }) => {
  const { answer, because, isLooking, chosen, ask } = useStatements(initial, given)
  const zone = useZone()
  const { from, to, order } = chosen
  useEffect(() => {
    const kept = Object.entries({ from, to, order }).filter(([name, value]) => value !== '' && !(name === 'order' && value === 'totalMs'))
    const query = new URLSearchParams(kept).toString()
    window.history.replaceState(null, '', query === '' ? window.location.pathname : `?${query}`)
  }, [from, to, order])
  const moments = answer.moments.map((at) => (
    <option key={at} value={at}>
      {formatMoment(at, zone)}
    </option>
  ))
  return (
    <div className="page-body">
      {because !== null && <Note tone="bad" title={because} isAlert />}
      {answer.because !== null && (
        <Note tone="warn" title="Nothing can be seen now">
          {answer.because} What is shown was seen before.
        </Note>
      )}
      <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <span role="status">
          {isLooking ? (
            'A worker looks…'
          ) : answer.seenAt === null ? (
            'Never seen: a worker looks once an hour while the server is online, unless its environment keeps no statements.'
          ) : (
            <>
              Seen <Age at={answer.seenAt} />. A worker looks once an hour.
            </>
          )}
        </span>
        <Button isSmall disabled={isLooking} onClick={() => ask({ ...chosen, to: '' }, 'now')}>
          Look now
        </Button>
      </p>
      <Missing answer={answer} />
      {answer.moments.length > 0 && (
        <Card title="Top statements" isFlush>
          <div className="statements-bar">
            <Field label="By">
              {(ids) => (
                <select
                  {...ids}
                  className="input w-auto"
                  value={order}
                  onChange={(event) => ask({ ...chosen, order: event.target.value as StatementOrder })}
                >
                  {Object.entries(orderWords).map(([name, words]) => (
                    <option key={name} value={name}>
                      {words}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="From">
              {(ids) => (
                <select {...ids} className="input w-auto" value={from} onChange={(event) => ask({ ...chosen, from: event.target.value })}>
                  <option value="">an hour before, or what is closest</option>
                  <option value="start">since the counters began</option>
                  {moments}
                </select>
              )}
            </Field>
            <Field label="To">
              {(ids) => (
                <select {...ids} className="input w-auto" value={to} onChange={(event) => ask({ ...chosen, to: event.target.value })}>
                  <option value="">the latest look</option>
                  {moments}
                </select>
              )}
            </Field>
          </div>
          <p className="px-4 pb-3 text-ink-2">
            {answer.from === null ? (
              <>
                Since the counters began
                {answer.resetAt !== null && (
                  <>
                    , <Moment at={answer.resetAt} />
                  </>
                )}
                , to{' '}
              </>
            ) : (
              <>
                From <Moment at={answer.from} /> to{' '}
              </>
            )}
            {answer.to !== null && <Moment at={answer.to} />}.{' '}
            {!answer.showsStatements && 'Values in statements are left out: they are for those who may run SQL here.'}
          </p>
          {answer.statements.length === 0 ? (
            <EmptyState title="No statement was run in between" />
          ) : (
            <StatementsTable statements={answer.statements} order={order} />
          )}
        </Card>
      )}
    </div>
  )
}

const Missing = ({ answer }: { answer: TopStatements }) => {
  if (answer.state === 'not-loaded') {
    const libraries = [answer.libraries, 'pg_stat_statements'].filter(Boolean).join(', ')
    const line = `alter system set shared_preload_libraries = ${libraries}`
    return (
      <Note tone="info" title="pg_stat_statements is not loaded" actions={<CopyButton text={line} label="Copy" />}>
        Add it to shared_preload_libraries (it comes with the server’s package), restart, then create the extension on the primary:{' '}
        <code>{line}</code>
      </Note>
    )
  }
  if (answer.state !== 'not-created') return null
  const line = 'create extension pg_stat_statements'
  return (
    <Note tone="info" title="pg_stat_statements is loaded, and in no database" actions={<CopyButton text={line} label="Copy" />}>
      Create the extension in the database postgres of the primary, or in any other: <code>{line}</code>
    </Note>
  )
}
