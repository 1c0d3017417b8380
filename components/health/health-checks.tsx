'use client'

import { useLookNow } from '@/components/server-settings/use-look-now'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import type { Health, HealthCheck } from '@/lib/shapes/health'
import { reads } from '@/lib/shapes/reads'
import { Findings } from './findings'
import { asksWords, everyWords, saidOf, stateTones, stateWords } from './words'
import './health.css'

const order: readonly HealthCheck['state'][] = ['critical', 'warning', 'unknown', 'healthy', 'not-applicable', 'off']

/** Each kind of finding once, the worst first; what was asked, of whom and when, is under each. */
export const HealthChecks = ({ initial, versionsKnownOn }: { initial: Health; versionsKnownOn: string }) => {
  const { answer, because, isLooking, look } = useLookNow(initial, reads.health(initial.of, initial.id))
  const checks = [...answer.checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  const said = because ?? answer.because
  return (
    <div className="page-body">
      {said !== null && <Note tone="warn" title={said} isAlert />}
      {!answer.isOn && (
        <Note tone="info" title="Health is not looked at in this environment">
          An administrator switches it on in the environment’s settings. What is shown is from before.
        </Note>
      )}
      <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <State tone={stateTones[answer.state]} isPill>
          {stateWords[answer.state]}
        </State>
        <span role="status">
          {isLooking ? 'A worker looks at everything…' : 'A worker looks every hour, at the dearer kinds less often.'}
        </span>
        <Button isSmall disabled={isLooking || !answer.isOn} onClick={look}>
          Look now
        </Button>
      </p>
      <Card title="What is about to break" isFlush>
        <ul className="health-checks">
          {checks.map((one) => (
            <li key={one.kind}>
              <details open={one.state === 'critical' || one.state === 'warning'}>
                <summary>
                  <State tone={stateTones[one.state]}>{stateWords[one.state]}</State>
                  <span className="health-title">{one.title}</span>
                  <span className="health-said">{saidOf(one)}</span>
                </summary>
                <More check={one} hasMany={answer.of === 'herd'} />
              </details>
            </li>
          ))}
        </ul>
      </Card>
      <p className="text-ink-2">Ends of versions and their minors are those known on {versionsKnownOn}.</p>
    </div>
  )
}

const More = ({ check, hasMany }: { check: HealthCheck; hasMany: boolean }) => (
  <div className="health-more">
    <p>{check.what}</p>
    {check.findings.length > 0 && <Findings check={check} hasMany={hasMany} />}
    <p>
      {check.limits[0]!.toUpperCase() + check.limits.slice(1)}. {asksWords[check.asks]} {check.isSql ? 'The query runs' : 'It is looked at'}{' '}
      {everyWords(check.everyHours)}. Cost: {check.cost[0]!.toLowerCase() + check.cost.slice(1)}
    </p>
    {check.looks.map((one) => (
      <p key={one.instanceId}>
        {one.title}:{' '}
        {one.seenAt === null ? (
          'never seen'
        ) : (
          <>
            seen <Age at={one.seenAt} />
          </>
        )}
        {one.worst !== null && `, at worst ${one.worst}`}.{one.notApplicable !== null && ` ${one.notApplicable}`}
        {one.because !== null && ` The last look did not see all: ${one.because}`}
      </p>
    ))}
    <details>
      <summary>{check.isSql ? 'Query' : 'How it is known'}</summary>
      <pre>
        <code>{check.question}</code>
      </pre>
    </details>
  </div>
)
