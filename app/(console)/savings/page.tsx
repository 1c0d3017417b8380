import type { Metadata } from 'next'
import { LedgerChart } from '@/components/ledger/ledger-chart'
import { LedgerHerds, LedgerMembers } from '@/components/ledger/ledger-tables'
import { PageHeader } from '@/components/shell/page-header'
import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, Note } from '@/components/ui/note'
import { ledgerMonths, readLedger } from '@/db/rules/ledger'
import { requireActor } from '@/lib/auth/actor'
import { smallDollars as dollars } from '@/lib/domain/prices/month'
import { isFault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { LedgerShown } from '@/lib/shapes/ledger'
import { NotedFault } from '../noted-fault'

export const metadata: Metadata = { title: 'Savings' }

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const crumbs = [{ href: '/', label: 'Fleet' }]
const one = (value: string | string[] | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** What the machines of herds cost, and what sizing rules saved. */
const SavingsPage = async ({ searchParams }: Props) => {
  const [actor, given] = await Promise.all([requireActor(), searchParams])
  const herdId = one(given.herdId)
  try {
    const { from, to, months } = ledgerMonths(one(given.from), one(given.to), new Date())
    const found = await readLedger(actor, { herdId: herdId !== null && uuidPattern.test(herdId) ? herdId : null, from, to })
    const addressOf = (more: Record<string, string>) =>
      `?${new URLSearchParams({ from: months[0], to: months[1], ...(herdId === null ? {} : { herdId }), ...more })}`
    return (
      <>
        <PageHeader
          crumbs={
            herdId === null ? crumbs : [...crumbs, { href: `/savings${addressOf({})}`.replace(/&herdId=[^&]*/, ''), label: 'Savings' }]
          }
          title={herdId === null ? 'Savings' : `Savings of ${found.lines[0]?.herd ?? 'this herd'}`}
          actions={
            <LinkButton href={`/api/v1/savings${addressOf({ format: 'csv' })}`} variant="quiet">
              CSV
            </LinkButton>
          }
        />
        <div className="page-body">
          <Card title="Months">
            <form action="/savings" className="flex flex-wrap items-end gap-3">
              {herdId !== null && <input type="hidden" name="herdId" value={herdId} />}
              <Month name="from" label="From" value={months[0]} />
              <Month name="to" label="To" value={months[1]} />
              <Button type="submit">Show</Button>
            </form>
          </Card>
          <Found found={found} herdHref={(id) => `/savings${addressOf({ herdId: id })}`} />
        </div>
      </>
    )
  } catch (error) {
    if (isFault(error, 'input.invalid'))
      return (
        <>
          <PageHeader crumbs={crumbs} title="Savings" />
          <div className="page-body">
            <Note
              tone="bad"
              isAlert
              title={(error.facts.fields ?? []).map(({ path, message }) => `${path} ${message}`).join('; ')}
              actions={<LinkButton href="/savings">This month</LinkButton>}
            />
          </div>
        </>
      )
    if (!isFault(error, 'access.denied') && !isFault(error, 'record.missing')) throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

const Month = ({ name, label, value }: { name: string; label: string; value: string }) => (
  <label className="grid gap-1">
    <span>{label}</span>
    <input className="input" type="month" name={name} defaultValue={value} required pattern="\d{4}-\d{2}" />
  </label>
)

const Found = ({ found: { lines, days, sources }, herdHref }: { found: LedgerShown; herdHref: (herdId: string) => string }) => {
  const sum = (of: (line: LedgerShown['lines'][number]) => number) => lines.reduce((total, line) => total + of(line), 0)
  const [cost, saved, unknown, unpriced] = [
    sum(({ usd }) => usd),
    sum(({ savedUsd }) => savedUsd),
    sum(({ unknownHours }) => unknownHours),
    sum(({ unpricedHours }) => unpricedHours),
  ]
  if (lines.length === 0)
    return (
      <EmptyState title="Nothing was seen in these months">
        Once a cloud account is registered and its machines are tied to servers of a herd, workers note every 20 seconds which type each
        has.
      </EmptyState>
    )
  return (
    <>
      <p role="status">
        <strong>
          {dollars(cost)} were spent, {dollars(saved)} saved against staying large.
        </strong>{' '}
        <span className="text-ink-2">
          By the hours that were seen, at on-demand prices ({sources.join(', ') || 'none known'}).
          {unknown >= 1 && ` ${Math.round(unknown)} h between two looks are unknown and not counted.`}
          {unpriced >= 1 && ` ${Math.round(unpriced)} h have no known price and are not counted.`}
        </span>
      </p>
      {days.length > 1 && <LedgerChart days={days} />}
      <Card title="By herd" isFlush>
        <LedgerHerds lines={lines} href={herdHref} />
      </Card>
      <Card title="By member and month" isFlush>
        <LedgerMembers lines={lines} />
      </Card>
    </>
  )
}

export default SavingsPage
