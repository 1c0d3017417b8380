'use client'

import { useMemo } from 'react'
import { useWatch } from '@/components/activity/use-watch'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Age, Moment } from '@/components/ui/zone'
import { countErrors } from '@/lib/domain/server-log/count'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { reads } from '@/lib/shapes/reads'
import { LogEntries } from './entries'
import { LogErrors } from './errors'
import { LogBar } from './log-bar'
import { useLogFilter } from './use-log-filter'

/** The log of an instance as a worker reads it on the host, followed; or what is found in it. */
export const ServerLog = ({ instanceId }: { instanceId: string }) => {
  const filter = useLogFilter()
  const { answer, because } = useWatch(reads.serverLog(instanceId, filter.question), filter.everyMs, filter.isPaused)
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
        <LogBar filter={filter} />
        <p className="log-file" role="status">
          {log === null ? (
            (answer?.because ?? 'A worker reads…')
          ) : (
            <>
              <code>{log.file}</code>, {formatBytes(log.sizeBytes)}, last written <Age at={log.writtenAt} />.{' '}
              {log.hasMore
                ? `The latest ${counted(log.entries.length, 'message')}; there are more before.`
                : counted(log.entries.length, 'message')}
              {filter.isDeep && ` in ${formatBytes(log.searchedBytes)}`}
            </>
          )}
        </p>
        {log !== null && <LogEntries entries={log.entries} />}
      </Card>
      <LogErrors errors={errors} />
    </div>
  )
}
