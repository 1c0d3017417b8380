import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { MemberActivity } from '@/lib/shapes/activity'

type Progress = NonNullable<MemberActivity['activity']>['progress'][number]

const amount = (value: number, unit: Progress['unit']): string =>
  unit === 'bytes' ? formatBytes(value) : `${value.toLocaleString('en')} ${unit}`

const doneWords = ({ done, total, unit }: Progress): string =>
  total > 0 ? `${amount(done, unit)} of ${amount(total, unit)}` : `${amount(done, unit)}, of how many is not known`

/** Commands that say how far they are: VACUUM, index builds, COPY, base backups. */
export const UnderWay = ({ members }: { members: readonly MemberActivity[] }) => (
  <ul className="activity-progress">
    {members.flatMap(({ instanceId, title, activity }) =>
      (activity?.progress ?? []).map((one) => (
        <li key={`${instanceId} ${one.pid} ${one.command}`}>
          <p>
            <strong>{one.command}</strong>{' '}
            {[members.length > 1 && title, one.database, `pid ${one.pid}`, one.phase].filter(Boolean).join(', ')}
          </p>
          {one.total > 0 && <progress max={one.total} value={Math.min(one.done, one.total)} aria-label={`${one.command} by ${one.pid}`} />}
          <p className="text-ink-2">{doneWords(one)}</p>
        </li>
      )),
    )}
  </ul>
)

/** Transactions that wait for COMMIT PREPARED, and hold their locks until then. */
export const Prepared = ({ members }: { members: readonly MemberActivity[] }) => (
  <ul>
    {members.flatMap(({ instanceId, title, activity }) =>
      (activity?.prepared ?? []).map(({ name, database, user, ageSeconds }) => (
        <li key={`${instanceId} ${name}`}>
          <code>{name}</code> {[members.length > 1 && title, database, user].filter(Boolean).join(', ')}: prepared{' '}
          {formatDuration(Math.floor(ageSeconds))} ago. End it with COMMIT PREPARED or ROLLBACK PREPARED in that database.
        </li>
      )),
    )}
  </ul>
)
