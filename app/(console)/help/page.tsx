import type { Metadata } from 'next'
import Link from 'next/link'
import { PageHeader } from '@/components/shell/page-header'
import { Card } from '@/components/ui/card'
import { requireActor } from '@/lib/auth/actor'
import { capital } from '@/lib/domain/values/capital'
import { operations } from '@/lib/operations'
import { resourceByName, resources } from '@/lib/resources'

export const metadata: Metadata = { title: 'Help' }

const words = [
  ['Environment', 'A part of the fleet such as dev, stage or prod, with a colour and a protection.'],
  ['Herd', 'One replicated PostgreSQL cluster: a primary and its standbys.'],
  ['Server', 'A host that is reached over SSH.'],
  ['Instance', 'A herd’s member on one server.'],
  ['Operation', 'A declared procedure: restart, reload, run SQL.'],
  ['Plan', 'What an operation would do to its targets now, with its checks. Nothing has run.'],
  ['Run', 'What somebody submitted: an operation, its targets, and the plan they read.'],
  ['Job', 'The part of a run that acts on one target, driven by its journal.'],
  ['Fact', 'An observed value with its source and its age. A stale fact is shown as stale and never acted on.'],
] as const

const HelpIndex = async () => {
  await requireActor()
  return (
    <>
      <PageHeader crumbs={[{ href: '/', label: 'Fleet' }]} title="Help" />
      <div className="page-body max-w-[72rem]">
        <Card title="Words">
          <dl className="facts max-w-[75ch]">
            {words.map(([word, meaning]) => (
              <div key={word} className="contents">
                <dt className="font-semibold">{word}</dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </Card>
        <div className="grid items-start gap-3.5 md:grid-cols-2">
          <Card title="What the console keeps">
            <ul className="grid gap-1.5">
              {resources.map((resource) => (
                <li key={resource.name}>
                  <Link href={`/${resource.path}/help`} prefetch={false}>
                    {capital(resource.noun[1])}
                  </Link>
                </li>
              ))}
            </ul>
          </Card>
          <Card title="What it can do">
            <ul className="grid gap-1.5">
              {operations.map((operation) => {
                const on = resourceByName(operation.on)
                return (
                  <li key={operation.name}>
                    <Link href={`/${on?.path}/help#${operation.name}`} prefetch={false}>
                      {operation.title}
                    </Link>{' '}
                    <span className="text-ink-2">on {on?.noun[1]}</span>
                  </li>
                )
              })}
            </ul>
          </Card>
        </div>
        <Card title="Keyboard">
          <p>
            <kbd>?</kbd> shows every shortcut of the current page, and turns them off. <kbd>Ctrl</kbd> <kbd>K</kbd> finds anything.{' '}
            <kbd>/</kbd> searches a list, <kbd>j</kbd> and <kbd>k</kbd> move through its rows, <kbd>x</kbd> ticks one, <kbd>a</kbd> opens
            the actions, <kbd>g</kbd> <kbd>h</kbd> goes to the herds.
          </p>
        </Card>
      </div>
    </>
  )
}

export default HelpIndex
