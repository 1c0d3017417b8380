import type { Metadata } from 'next'
import Link from 'next/link'
import { Inbox } from '@/components/discovery/inbox'
import { installCommands } from '@/components/people/install-commands'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { listInbox } from '@/db/discovery/discovery'
import { waitingMachines } from '@/db/discovery/machines'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { requireActor } from '@/lib/auth/actor'
import { env } from '@/lib/env'
import { mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { findOptions } from '../actions'
import { NotedFault } from '../noted-fault'

export const metadata: Metadata = { title: 'Discovery' }

const crumbs = [{ href: '/', label: 'Fleet' }]

const Page = async () => {
  const actor = await requireActor()
  try {
    const [inbox, badged, found] = await Promise.all([listInbox(actor), badgedEnvironments(actor), waitingMachines(actor)])
    const environments = Object.values(badged).filter((environment) => mayIn(actor, 'server.add', environment.id))
    const mayKey = mayAnywhere(actor, 'enrolment-key.add')
    const origin = new URL(env().MATRIARCH_URL).origin
    const beyond =
      inbox.hostCount - inbox.hosts.length + inbox.instanceCount - inbox.instances.length + inbox.poolerCount - inbox.poolers.length
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title="Discovery"
          subtitle="Found, not registered yet"
          actions={
            <>
              <LinkButton href="/discovery-rules">Rules</LinkButton>
              {mayKey && <LinkButton href="/enrolment-keys">Enrolment keys</LinkButton>}
              {mayKey && (
                <LinkButton variant="primary" href="/enrolment-keys/add">
                  Create an enrolment key
                </LinkButton>
              )}
            </>
          }
        />
        <div className="page-body">
          {beyond > 0 && <Note tone="info" title={`${beyond} more are pending; they appear as you accept or ignore these.`} />}
          <Inbox
            tokens={inbox.tokens}
            hosts={inbox.hosts}
            instances={inbox.instances}
            poolers={inbox.poolers}
            machines={{
              ...found,
              environments: badged,
              mayChange: Object.keys(badged).filter((id) => mayIn(actor, 'machine.change', id)),
            }}
            environments={environments}
            mayAccept={environments.length > 0}
            findOptions={findOptions}
          />
          <p className="text-ink-2">
            Everything ever found: <Link href="/discovered-hosts">hosts</Link>, <Link href="/discovered-instances">instances</Link>,{' '}
            <Link href="/discovered-poolers">poolers</Link>, <Link href="/machines?tie=untied,ambiguous">machines</Link>
            {inbox.ignoredCount > 0 && (
              <>
                , of them <Link href="/discovered-hosts?state=ignored">{inbox.ignoredCount} ignored</Link>
              </>
            )}
            .
          </p>
          <Card title="Install the agent on a host">
            <p className="mb-2 max-w-[80ch]">
              One POSIX shell script that only reads. Create an enrolment key for the environment, then run on the host, as root:
            </p>
            <code className="code">{installCommands(origin, 'KEY')}</code>
          </Card>
        </div>
      </>
    )
  } catch (error) {
    if (!isFault(error) || error.code === 'internal.bug') throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

export default Page
