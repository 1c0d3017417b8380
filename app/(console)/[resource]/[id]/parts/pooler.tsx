import { PoolerAlarms } from '@/components/resource/pooler/alarms'
import { PoolerDatabases, PoolerPace, pooledIn } from '@/components/resource/pooler/databases'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { herdsOfPooler } from '@/db/fleet/poolers'
import { mayRun } from '@/lib/operations/may-run'
import type { Loaded, ResourceParts } from './part'

/** Its databases as they were last seen, and the way to the difference between its file and what it should say. */
const Above = async ({ loaded: { actor, record } }: { loaded: Loaded }) => {
  const { id, title, environmentId, values } = record
  const text = (name: string) => (typeof values[name] === 'string' ? (values[name] as string) : null)
  const databases = pooledIn(values.seen)
  const paused = text('paused') ?? 'unknown'
  const template = text('template') || null
  const mayRunIt = (operation: string) => mayRun(actor, operation, environmentId)
  const pooler = {
    id,
    title,
    paused,
    state: text('state') ?? 'unknown',
    because: text('because'),
    pausedSince: text('pausedSince'),
    staleSince: text('staleSince'),
    waiting: typeof values.waiting === 'number' ? values.waiting : null,
    follows: text('follows') ?? 'unknown',
    target: text('target'),
    wanted: text('wanted'),
  }
  return (
    <>
      <PoolerAlarms poolers={[pooler]} mayRun={mayRunIt} />
      <Card
        title="Databases"
        isFlush
        actions={
          mayRunIt('follow-primary') && (
            <LinkButton isSmall href={`/poolers/run/follow-primary?ids=${id}`}>
              Compare its file
            </LinkButton>
          )
        }
      >
        {databases.length === 0 ? (
          <p className="body text-ink-2">It has no database, or was never observed.</p>
        ) : (
          <>
            <PoolerDatabases
              databases={databases}
              herds={await herdsOfPooler(id)}
              isPausedWhole={paused === 'all' && databases.every((one) => !one.isPaused)}
            />
            <PoolerPace databases={databases} />
          </>
        )}
      </Card>
      {template !== null && (
        <Card title="Template of its file">
          <pre className="code overflow-x-auto">{template}</pre>
        </Card>
      )}
    </>
  )
}

export const pooler: ResourceParts = { Above, shownAbove: ['seen', 'template'] }
