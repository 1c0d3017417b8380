import Link from 'next/link'
import { PageHeader } from '@/components/shell/page-header'
import { State } from '@/components/ui/state'
import type { FleetFacts } from '@/lib/domain/problems/fleet'

/** An empty console: what to do, in order, with what is done already marked. */
export const FirstSteps = ({ facts, mayAdd }: { facts: FleetFacts; mayAdd: boolean }) => {
  const servers = facts.environments.reduce((sum, environment) => sum + environment.servers, 0)
  const steps = [
    {
      title: 'Start a worker',
      isDone: facts.workers > 0,
      href: '/settings',
      link: 'See the workers',
      text: 'Workers reach your hosts over SSH; the pages never do. One is enough to begin.',
    },
    {
      title: 'Add an environment',
      isDone: facts.environments.length > 0,
      href: '/environments/add',
      link: 'Add an environment',
      text: 'dev, stage, prod: its colour marks every page, its protection decides how work there is confirmed.',
    },
    {
      title: 'Register your hosts',
      isDone: servers > 0,
      href: servers > 0 ? '/servers' : '/servers/add',
      link: servers > 0 ? 'See the servers' : 'Add a server',
      text: 'Add a server by hand and check it step by step, or install the host agent and accept what it finds in the discovery inbox.',
    },
    {
      title: 'Group their instances into herds',
      isDone: facts.herds.length > 0,
      href: '/discovery',
      link: 'Open the discovery inbox',
      text: 'A herd is one replicated cluster: a primary and its standbys. The agent suggests the herd of each instance.',
    },
  ]
  return (
    <>
      <PageHeader crumbs={[]} title="Fleet" />
      <div className="page-body">
        <section className="card fleet-steps" aria-label="First steps">
          {!mayAdd && facts.environments.length === 0 ? (
            <p>You have no access to anything that is registered. Ask an administrator for a role in an environment.</p>
          ) : (
            <>
              <p>Nothing is registered yet. In order:</p>
              <ol>
                {steps.map((step, index) => (
                  <li key={step.title} data-done={step.isDone || undefined}>
                    <span className="fleet-step-number" aria-hidden="true">
                      {index + 1}
                    </span>
                    <div>
                      <h2>
                        {step.title} {step.isDone && <State tone="good">done</State>}
                      </h2>
                      <p className="text-ink-2">{step.text}</p>
                      <Link href={step.href} prefetch={false}>
                        {step.link}
                      </Link>
                    </div>
                  </li>
                ))}
              </ol>
            </>
          )}
        </section>
      </div>
    </>
  )
}
