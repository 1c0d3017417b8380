import { PoolerAlarms } from '@/components/resource/pooler/alarms'
import { PoolerDatabases, PoolerPace, pooledIn } from '@/components/resource/pooler/databases'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { herdsOfPooler, poolerAlarms } from '@/db/fleet/poolers'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import { mayRun } from '@/lib/operations/may-run'

/** What the poolers of a herd or a server need somebody for. For a page that has already shown that it may be seen. */
export const PoolersInNeed = async ({
  actor,
  of,
  id,
  environmentId,
}: {
  actor: Actor
  of: 'herd' | 'server'
  id: string
  environmentId: string | null
}) => {
  if (!mayIn(actor, 'pooler.view', environmentId)) return null
  return <PoolerAlarms poolers={await poolerAlarms(of, id)} mayRun={(operation) => mayRun(actor, operation, environmentId)} />
}

interface Shown {
  id: string
  title: string
  environmentId: string | null
  values: Readonly<Record<string, Json>>
}

/** Its databases as they were last seen, and the way to the difference between its file and what it should say. */
export const PoolerParts = async ({ actor, record }: { actor: Actor; record: Shown }) => {
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
          <p className="body text-ink-2">It serves no database, or could not be asked yet.</p>
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
