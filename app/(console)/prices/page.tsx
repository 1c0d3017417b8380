import type { Metadata } from 'next'
import { Comparison } from '@/components/prices/comparison'
import { FilterForm } from '@/components/prices/filter-form'
import { Offers } from '@/components/prices/offers'
import { Sources } from '@/components/prices/sources'
import { Unfit } from '@/components/prices/unfit'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, Note } from '@/components/ui/note'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { type AccountPrices, accountPrices } from '@/db/prices/catalogue'
import { requireActor } from '@/lib/auth/actor'
import { choose } from '@/lib/domain/prices/choose'
import { compare } from '@/lib/domain/prices/compare'
import { sayScore } from '@/lib/domain/prices/score'
import { counted } from '@/lib/domain/values/counted'
import { mayAnywhere } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { NotedFault } from '../noted-fault'
import { blueprintQuery, type Given, perPage, readQuery, writeQuery } from './query'

export const metadata: Metadata = { title: 'Prices' }

interface Props {
  searchParams: Promise<Given>
}

const crumbs = [{ href: '/', label: 'Fleet' }]

/** What machines that fit cost, and why the others do not fit. */
const PricesPage = async ({ searchParams }: Props) => {
  const [actor, given] = await Promise.all([requireActor(), searchParams])
  const query = readQuery(given)
  try {
    const [prices, environments] = await Promise.all([accountPrices(actor, query.accountId), badgedEnvironments(actor)])
    const named = prices.accounts.map(({ id, name, environmentId }) => ({
      id,
      name: `${name}, ${environments[environmentId]?.name ?? ''}`,
    }))
    return (
      <>
        <PageHeader
          crumbs={crumbs}
          title="Prices"
          actions={
            mayAnywhere(actor, 'blueprint.add') && <LinkButton href={blueprintQuery(given)}>Blueprint of these requirements</LinkButton>
          }
        />
        <div className="page-body">
          <SampleNote prices={prices} />
          {prices.account?.endpoint && (
            <Note title={`As ${prices.account.endpoint} says`}>
              This account asks another address than AWS’s own: all figures below, AWS’s names of sources included, are what that address
              answers.
            </Note>
          )}
          <Card title="Requirements" isFlush>
            <FilterForm
              wanted={query.wanted}
              problems={query.problems}
              accounts={named}
              accountId={prices.account?.id ?? null}
              regions={[...new Set(prices.catalogue.offers.map(({ region }) => region))]}
            />
          </Card>
          {Object.keys(query.problems).length === 0 && <Answer given={given} query={query} prices={prices} />}
          <Card title="Where these figures come from">
            <Sources sources={prices.catalogue.sources} missing={prices.missing} />
          </Card>
        </div>
      </>
    )
  } catch (error) {
    if (!isFault(error, 'access.denied') && !isFault(error, 'record.missing')) throw error
    return <NotedFault fault={error} crumbs={crumbs} />
  }
}

/** What was not read is not of today, wherever it is shown. */
const SampleNote = ({ prices: { account, catalogue } }: { prices: AccountPrices }) => {
  const sampled = catalogue.sources.filter(({ isSample }) => isSample)
  if (sampled.length === 0) return null
  const isAll = sampled.length === catalogue.sources.length
  return (
    <Note tone="warn" title={isAll ? `Sample of ${sampled[0]!.asOf}` : `Partly a sample of ${sampled[0]!.asOf}`}>
      {account === null
        ? 'No cloud account is registered that you may see. Shown is the sample that comes with the console: on-demand prices of us-east-1, no spot prices, no eviction rates. Add a cloud account for prices of today.'
        : isAll
          ? 'A worker has not read the prices of this account yet, or could not; why is said below.'
          : 'Some figures could not be read and are the sample’s; which is said below.'}
    </Note>
  )
}

const Answer = ({ given, query, prices }: { given: Given; query: ReturnType<typeof readQuery>; prices: AccountPrices }) => {
  const { wanted, view, page } = query
  const { catalogue } = prices
  const choice = choose(catalogue, wanted, { from: (page - 1) * perPage, count: perPage })
  const unfit = choice.unfit.slice((page - 1) * perPage, page * perPage)
  const isFit = view === 'fit'
  return (
    <>
      <Card title="The same requirements compared" isFlush>
        <Comparison compared={compare(catalogue, wanted)} />
      </Card>
      <Card
        title={isFit ? 'What fits' : 'What does not fit'}
        isFlush
        actions={
          <LinkButton href={writeQuery(given, { view: isFit ? 'unfit' : 'fit' })} variant="quiet">
            {isFit ? `Why ${counted(choice.unfit.length, 'type')} ${choice.unfit.length === 1 ? 'does' : 'do'} not fit` : 'What fits'}
          </LinkButton>
        }
      >
        <p className="prices-said" role="status">
          {counted(choice.total, 'offer')} of {counted(choice.fittingTypes, 'type')} {choice.total === 1 ? 'fits' : 'fit'};{' '}
          {counted(choice.unfit.length, 'type')} {choice.unfit.length === 1 ? 'does' : 'do'} not. {isFit && sayScore(wanted)}
        </p>
        {!isFit && unfit.length > 0 && <Unfit types={unfit} />}
        {isFit && choice.offers.length > 0 && <Offers offers={choice.offers} catalogue={catalogue} wanted={wanted} />}
        {isFit && choice.total === 0 && (
          <EmptyState title="No type fits">Each of the {choice.unfit.length} types says why: see what does not fit.</EmptyState>
        )}
        <Pages given={given} query={query} total={isFit ? choice.total : choice.unfit.length} />
      </Card>
    </>
  )
}

const Pages = ({ given, query: { page, view }, total }: { given: Given; query: ReturnType<typeof readQuery>; total: number }) => {
  const last = Math.ceil(total / perPage)
  if (last <= 1 && page === 1) return null
  return (
    <nav className="flex flex-wrap items-center gap-3 px-4 py-2" aria-label="Pages">
      {page > 1 && <LinkButton href={writeQuery(given, { page: page - 1, view })}>Previous</LinkButton>}
      <span>
        Page {page} of {Math.max(1, last)}
      </span>
      {page < last && <LinkButton href={writeQuery(given, { page: page + 1, view })}>Next</LinkButton>}
    </nav>
  )
}

export default PricesPage
