'use client'

import { useEffect, useMemo, useState } from 'react'
import { useWatch } from '@/components/activity/use-watch'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { Age, Moment } from '@/components/ui/zone'
import { countErrors } from '@/lib/domain/server-log/count'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { reads } from '@/lib/shapes/reads'
import { logWordsMax } from '@/lib/shapes/server-log'
import { LogEntries } from './entries'

const everyMs = 2_000
/** What was found in all files stays true a while. */
const deepEveryMs = 30_000
const settleMs = 400

const levels = { all: 'everything', warnings: 'warnings and worse', errors: 'errors' } as const
type Level = keyof typeof levels

/** The log of an instance as a worker reads it on the host, followed; or what is found in it. */
export const ServerLog = ({ instanceId }: { instanceId: string }) => {
  const [isPaused, setPaused] = useState(false)
  const [typed, setTyped] = useState('')
  const [level, setLevel] = useState<Level>('all')
  const [isDeep, setDeep] = useState(false)
  const [search, setSearch] = useState('')
  // Each question is read by a worker on the host: not one a key.
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed), settleMs)
    return () => clearTimeout(timer)
  }, [typed])
  const address = reads.serverLog(instanceId, { search, level, files: isDeep ? 'all' : 'end' })
  const { answer, because } = useWatch(address, isDeep ? deepEveryMs : everyMs, isPaused)
  const log = answer?.log ?? null
  const errors = useMemo(() => countErrors(log?.entries ?? []), [log])
  return (
    <div className="page-body">
      {because !== null && <Note tone="bad" title={because} isAlert />}
      {answer !== null && answer.because !== null && (
        <Note tone="warn" title="The log cannot be read now">
          {answer.because}{' '}
          {answer.seenAt !== null && (
            <>
              What is shown was read <Moment at={answer.seenAt} />.
            </>
          )}
        </Note>
      )}
      <Card title="Messages" isFlush>
        <div className="log-bar">
          <Field label="Search">
            {(ids) => (
              <input
                {...ids}
                className="input"
                type="search"
                maxLength={logWordsMax}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </Field>
          <Field label="Show">
            {(ids) => (
              <select {...ids} className="input w-auto" value={level} onChange={(event) => setLevel(event.target.value as Level)}>
                {Object.entries(levels).map(([value, words]) => (
                  <option key={value} value={value}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Of">
            {(ids) => (
              <select
                {...ids}
                className="input w-auto"
                value={isDeep ? 'all' : 'end'}
                onChange={(event) => setDeep(event.target.value === 'all')}
              >
                <option value="end">the end of the present file</option>
                <option value="all">all files</option>
              </select>
            )}
          </Field>
          <Button isSmall aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Go on' : 'Pause'}
          </Button>
        </div>
        <p className="log-file" role="status">
          {log === null ? (
            (answer?.because ?? 'A worker reads…')
          ) : (
            <>
              <code>{log.file}</code>, {formatBytes(log.sizeBytes)}, last written <Age at={log.writtenAt} />.{' '}
              {log.hasMore
                ? `The latest ${counted(log.entries.length, 'message')}; there are more before.`
                : counted(log.entries.length, 'message')}
              {isDeep && ` in ${formatBytes(log.searchedBytes)}`}
            </>
          )}
        </p>
        {log !== null && <LogEntries entries={log.entries} />}
      </Card>
      {errors.length > 0 && (
        <Card title="Errors among them" isFlush>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
          <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: errors">
            <table className="sheet" data-density="dense">
              <thead>
                <tr>
                  <th scope="col">Code</th>
                  <th scope="col">Message</th>
                  <th scope="col" className="n">
                    Times
                  </th>
                  <th scope="col">Last</th>
                </tr>
              </thead>
              <tbody>
                {errors.map((one) => (
                  <tr key={`${one.level} ${one.code} ${one.text}`}>
                    <td>{one.code ?? one.level}</td>
                    <td className="log-shape">{one.text}</td>
                    <td className="n">{one.count}</td>
                    <td>{one.lastAt}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </Card>
      )}
    </div>
  )
}
