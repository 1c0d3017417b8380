'use client'

import Link from 'next/link'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { EnvironmentBadge } from '@/components/ui/environment'
import { State } from '@/components/ui/state'
import { Age, Lasting } from '@/components/ui/zone'
import type { Severity } from '@/lib/domain/problems/problem'
import type { Tone } from '@/lib/kernel/resource/field'
import type { ShownItem, ShownProblem } from '@/lib/presentation/problems/shown'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import { type AcknowledgeActions, AcknowledgeDialog } from './acknowledge'

export const severityLook: Record<Severity, [Tone, string]> = {
  0: ['bad', 'now'],
  1: ['bad', 'broken'],
  2: ['warn', 'soon'],
  3: ['info', 'note'],
}

/** What needs attention, worst first. Each line links to its object; the heading to all of them. */
export const Problems = ({
  problems,
  environments,
  listedMax,
  mayAcknowledgeIn,
  acknowledge,
}: {
  problems: readonly (ShownProblem & { acknowledged: number })[]
  environments: Readonly<Record<string, BadgedEnvironment>>
  /** Lines under each heading; the rest is one click away. */
  listedMax: number
  mayAcknowledgeIn: (environmentId: string | null) => boolean
  acknowledge: AcknowledgeActions['acknowledge']
}) => {
  const [asked, setAsked] = useState<{ problem: ShownProblem; item: ShownItem } | null>(null)
  return (
    <ul className="fleet-problems">
      {asked && <AcknowledgeDialog {...asked} onClose={() => setAsked(null)} acknowledge={acknowledge} />}
      {problems.map((problem) => {
        const [tone, word] = severityLook[problem.severity]
        const shown = problem.items.slice(0, listedMax)
        return (
          <li key={problem.kind} className={tone} data-severity={problem.severity}>
            <div className="fleet-problem-head">
              <State tone={tone}>{word}</State>
              <h3>
                {problem.href ? (
                  <Link href={problem.href} prefetch={false}>
                    {problem.title}
                  </Link>
                ) : (
                  problem.title
                )}
              </h3>
              {problem.next && (
                <Link href={problem.next.href} prefetch={false}>
                  {problem.next.label}
                </Link>
              )}
              {problem.acknowledged > 0 && <span className="text-ink-2">{problem.acknowledged} of them acknowledged</span>}
            </div>
            {shown.length > 0 && (
              <ul className="fleet-items">
                {shown.map((item) => {
                  const environment = item.environmentId === null ? undefined : environments[item.environmentId]
                  return (
                    <li key={item.key}>
                      {environment && <EnvironmentBadge environment={environment} />}
                      <Link href={item.href} prefetch={false}>
                        {item.label}
                      </Link>
                      <span className="text-ink-2">{item.detail}</span>
                      {item.next && (
                        <Link href={item.next.href} prefetch={false}>
                          {item.next.label}
                        </Link>
                      )}
                      {(item.since ?? item.due ?? item.seenAt) && (
                        <span className="ml-auto text-ink-2">
                          {item.since && <Lasting since={item.since} />}
                          {item.due && <Age at={item.due} />}
                          {item.since && item.seenAt && ', '}
                          {item.seenAt && (
                            <>
                              seen <Age at={item.seenAt} fades />
                            </>
                          )}
                        </span>
                      )}
                      {mayAcknowledgeIn(item.environmentId) && (
                        <Button
                          isSmall
                          variant="quiet"
                          aria-label={`Acknowledge: ${item.label}`}
                          onClick={() => setAsked({ problem, item })}
                        >
                          Acknowledge
                        </Button>
                      )}
                    </li>
                  )
                })}
                {problem.total > shown.length && (
                  <li>
                    {problem.href ? (
                      <Link href={problem.href} prefetch={false}>
                        and {problem.total - shown.length} more
                      </Link>
                    ) : (
                      <span className="text-ink-2">and {problem.total - shown.length} more</span>
                    )}
                  </li>
                )}
              </ul>
            )}
          </li>
        )
      })}
    </ul>
  )
}
