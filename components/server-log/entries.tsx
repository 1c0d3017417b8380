import './server-log.css'
import type { LogEntry } from '@/lib/domain/server-log/entry'

const toneOf = ({ level }: LogEntry): 'bad' | 'warn' | undefined =>
  level === 'ERROR' || level === 'FATAL' || level === 'PANIC' ? 'bad' : level === 'WARNING' ? 'warn' : undefined

const whose = ({ pid, user, database, application, client }: LogEntry): string =>
  [pid === null ? null : `[${pid}]`, user && `${user}@${database ?? ''}`, application, client].filter(Boolean).join(' ')

/** Latest first: what just happened stands where one looks. `title`: the member that wrote it, of several. */
export const LogEntries = ({ entries }: { entries: readonly (LogEntry & { title?: string })[] }) =>
  entries.length === 0 ? (
    <p className="log-file">No message like that.</p>
  ) : (
    <ol className="log-entries" reversed>
      {entries.toReversed().map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no name, and the same one may come twice in a millisecond
        <li key={`${entry.title} ${entry.at} ${entry.pid} ${entries.length - index}`} data-tone={toneOf(entry)}>
          <p className="log-head">
            {entry.title && <strong>{entry.title}</strong>} <time>{entry.at ?? 'no time'}</time> <b>{entry.level}</b>{' '}
            {entry.code && <code>{entry.code}</code>} <span>{whose(entry)}</span>
          </p>
          <pre>{entry.text}</pre>
          {entry.more.map(({ kind, text }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are never reordered
            <pre key={at} className="log-more">
              {kind}: {text}
            </pre>
          ))}
        </li>
      ))}
    </ol>
  )
