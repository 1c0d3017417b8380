'use client'

import { useWatch } from '@/components/activity/use-watch'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Age } from '@/components/ui/zone'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { reads } from '@/lib/shapes/reads'
import type { HerdLog as Herd } from '@/lib/shapes/server-log'
import { LogEntries } from './entries'
import { LogErrors } from './errors'
import { LogBar } from './log-bar'
import { useLogFilter } from './use-log-filter'

/** The logs of a herd's members as workers read them on their hosts, as one; followed, or what is found in them. */
export const HerdLog = ({ herdId }: { herdId: string }) => {
  const filter = useLogFilter()
  const { answer, because } = useWatch(reads.herdLog(herdId, filter.question), filter.everyMs, filter.isPaused)
  const unread = answer?.members.filter((one) => one.because !== null) ?? []
  return (
    <div className="page-body">
      {because !== null && <Note tone="bad" title={because} isAlert />}
      {unread.length > 0 && (
        <Note tone="warn" title={unread.length === 1 ? 'One log cannot be read now' : `${unread.length} logs cannot be read now`}>
          {unread.map((one) => (
            <span key={one.instanceId} className="block">
              {one.title}: {one.because}{' '}
              {one.seenAt !== null && (
                <>
                  Last read <Age at={one.seenAt} />.
                </>
              )}
            </span>
          ))}
        </Note>
      )}
      <Card title="Messages" isFlush>
        <LogBar filter={filter} />
        <div className="log-file" role="status">
          {answer === null ? 'Workers read…' : <Found herd={answer} isDeep={filter.isDeep} />}
        </div>
        {answer !== null && <LogEntries entries={answer.entries} />}
      </Card>
      <LogErrors errors={answer?.errors ?? []} />
    </div>
  )
}

const Found = ({ herd: { members, entries, hasMore }, isDeep }: { herd: Herd; isDeep: boolean }) => (
  <>
    {hasMore ? `The latest ${counted(entries.length, 'message')}; there are more before.` : `${counted(entries.length, 'message')}.`}
    {members.map(({ instanceId, title, count, file, writtenAt, searchedBytes }) => (
      <span key={instanceId} className="block">
        {title}:{' '}
        {file === null ? (
          'not read'
        ) : (
          <>
            {counted(count, 'message')} in <code>{file}</code>
            {isDeep && `, ${formatBytes(searchedBytes)} searched`}
            {writtenAt !== null && (
              <>
                , last written <Age at={writtenAt} />
              </>
            )}
          </>
        )}
      </span>
    ))}
  </>
)
