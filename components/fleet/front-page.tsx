'use client'

import './fleet.css'
import Link from 'next/link'
import { useMemo, useState } from 'react'
import { LiveMark } from '@/components/run/live-mark'
import { useLive } from '@/components/run/use-live'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { State } from '@/components/ui/state'
import { formatShortMoment } from '@/components/ui/time'
import { Age, useZone } from '@/components/ui/zone'
import { setAside } from '@/lib/domain/problems/acknowledged'
import { withFleetChanges } from '@/lib/domain/problems/changes'
import type { FleetFacts } from '@/lib/domain/problems/fleet'
import { presentProblems } from '@/lib/presentation/problems/present'
import type { PathOf } from '@/lib/presentation/problems/shown'
import { tabTitle } from '@/lib/presentation/problems/tab-title'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import { streams } from '@/lib/shapes/streams'
import { type AcknowledgeActions, Aside } from './acknowledge'
import { FirstSteps } from './first-steps'
import { FleetCharts } from './fleet-charts'
import { HerdGrid } from './herds'
import { Problems, severityLook } from './problems'
import { RunningWork } from './runs'
import { useTabAlarm } from './use-tab-alarm'

/** The first page: what needs attention, what runs, and the fleet. It follows the fleet by itself; `isWall` leaves out everything to click around it. */
export const FrontPage = ({
  initial,
  isWall,
  mayAdd,
  herdsMayBeAddedIn,
  mayAcknowledge,
  pathOf,
  actions,
}: {
  initial: FleetFacts
  isWall: boolean
  /** An environment, which is where an empty console begins. */
  mayAdd: boolean
  /** Ids of the environments where this person may register a herd. */
  herdsMayBeAddedIn: readonly string[]
  /** Problems of these environments; `ofConsole`: also of the console itself. */
  mayAcknowledge: { environmentIds: readonly string[]; ofConsole: boolean }
  pathOf: PathOf
  actions: AcknowledgeActions
}) => {
  const [facts, setFacts] = useState(initial)
  const live = useLive(streams.fleet, {
    fleet: setFacts,
    changed: (changes) => setFacts((now) => withFleetChanges(now, changes)),
  })
  const zone = useZone()
  const environments = useMemo<Record<string, BadgedEnvironment>>(
    () => Object.fromEntries(facts.environments.map((environment) => [environment.id, environment])),
    [facts.environments],
  )
  const { problems, aside } = useMemo(
    () =>
      setAside(
        presentProblems(facts, pathOf, (at) => formatShortMoment(at, zone, Date.parse(facts.at))),
        facts.acknowledged,
        new Date(facts.at),
      ),
    [facts, pathOf, zone],
  )
  useTabAlarm(tabTitle(problems))
  const worst = problems[0]?.severity
  const frame = worst === undefined ? 'good' : severityLook[worst][0]
  const mayIn = (environmentId: string | null) =>
    !isWall && (environmentId === null ? mayAcknowledge.ofConsole : mayAcknowledge.environmentIds.includes(environmentId))
  const total = (of: 'herds' | 'members' | 'online') => facts.environments.reduce((sum, environment) => sum + environment[of], 0)
  const [herds, instances, online] = [total('herds'), total('members'), total('online')]
  if (facts.environments.length === 0 || instances === 0) return <FirstSteps facts={facts} mayAdd={mayAdd} />
  const scheduled = facts.scheduled.filter(({ state }) => state === 'waiting')
  const urgent = problems.filter((problem) => problem.severity <= 2).length
  return (
    <div data-wall={isWall ? frame : undefined}>
      <PageHeader
        crumbs={[]}
        title="Fleet"
        subtitle={
          <span className="flex flex-wrap items-baseline gap-x-4">
            <LiveMark state={live} />
            <span>
              <Link href="/instances?state=online" prefetch={false}>
                {online} of {instances} instances
              </Link>{' '}
              online in {herds} {herds === 1 ? 'herd' : 'herds'}
            </span>
            <span>
              as of <Age at={facts.at} fades />
            </span>
          </span>
        }
        actions={
          isWall ? (
            <LinkButton isSmall href="/">
              Leave the wall
            </LinkButton>
          ) : (
            <LinkButton isSmall href="/?wall=1">
              Wall mode
            </LinkButton>
          )
        }
      />
      <div className="page-body fleet-body">
        <Card title={urgent === 0 ? 'Needs attention' : `Needs attention (${urgent})`} isFlush className="fleet-needs">
          <div aria-live="polite">
            {problems.length === 0 ? (
              <p className="p-4">
                <State tone="good">Nothing.</State>{' '}
                {aside.length === 0
                  ? 'Every herd has one writable primary, and every standby is streaming.'
                  : 'All known problems are acknowledged.'}
              </p>
            ) : (
              <Problems
                problems={problems}
                environments={environments}
                listedMax={isWall ? 4 : 5}
                mayAcknowledgeIn={mayIn}
                acknowledge={actions.acknowledge}
              />
            )}
            <Aside aside={aside} mayIn={mayIn} showAgain={actions.showAgain} />
          </div>
        </Card>
        {facts.runs.length + facts.locks.length + scheduled.length > 0 && (
          <Card
            title={facts.runs.length + facts.locks.length > 0 ? 'Running work' : 'Scheduled work'}
            isFlush
            className="fleet-work"
            actions={
              <span className="flex gap-3">
                {scheduled.length > 0 && (
                  <Link href="/scheduled-runs?state=waiting" prefetch={false}>
                    All scheduled
                  </Link>
                )}
                <Link href="/runs" prefetch={false}>
                  All runs
                </Link>
              </span>
            }
          >
            <RunningWork runs={facts.runs} locks={facts.locks} scheduled={scheduled} environments={environments} />
          </Card>
        )}
        <h2 className="sr-only">Herds by environment</h2>
        <HerdGrid environments={facts.environments} herds={facts.herds} mayBeAddedIn={herdsMayBeAddedIn} />
        {!isWall && <FleetCharts />}
      </div>
    </div>
  )
}
