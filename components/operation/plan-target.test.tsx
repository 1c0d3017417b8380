import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { planTarget } from '@/lib/kernel/operation/plan.fixture'
import { PlanTargetRow } from './plan-target'

const shown = (value: string) =>
  renderToStaticMarkup(
    <PlanTargetRow
      target={planTarget('p', { title: 'pgbouncer on a', now: [{ label: 'Difference', value }] })}
      path="poolers"
      environments={{}}
      isOpenAtFirst
      changes={[]}
    />,
  )

test('the difference of a file stands in lines of its own, each marked as going or coming', () => {
  const page = shown('- shop = host=10.0.0.1 pool_size=10\n+ shop = host=10.0.0.2 pool_size=10\n+ ; <written> by the console')
  expect(page).toContain('<span data-sign="-">- shop = host=10.0.0.1 pool_size=10</span><span data-sign="+">+ shop = host=10.0.0.2')
  expect(page).toContain('<span data-sign="+">+ ; &lt;written&gt; by the console</span>')
})

test('what is no difference stays words', () => {
  expect(shown('none: not a byte changes')).toContain('<dd>none: not a byte changes</dd>')
  expect(shown('-1')).toContain('<dd>-1</dd>')
})
