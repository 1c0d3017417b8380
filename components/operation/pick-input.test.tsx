import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { describeOperation, operationByName } from '@/lib/operations'
import { inputFields } from './input-fields'
import { PlanOptions } from './plan-options'

const formOf = (operation: string, values: Record<string, string | number>) =>
  renderToStaticMarkup(
    <PlanOptions
      fields={inputFields(describeOperation(operationByName(operation)!).input)}
      values={values}
      policy={defaultPolicy}
      problems={[]}
      targets={['id']}
      choices={async () => ({ ok: true, value: [] })}
      onInput={() => {}}
      onPolicy={() => {}}
    />,
  )

test.each([
  ['repoint', 'Upstream', { upstream: 'shop on a' }],
  ['drop-slot', 'Slot', { slot: 'shop_c' }],
])('the form of %s has a search field that holds what a link has given it', (operation, label, values) => {
  const html = formOf(operation, values)
  expect(html).toContain('role="combobox"')
  expect(html).toContain(`>${label}<`)
  expect(html).toContain(`value="${Object.values(values)[0]}"`)
})

test.each(['switchover', 'failover'])('the form of %s offers its candidates as a choice, and sizes with their unit', (operation) => {
  const html = formOf(operation, {})
  expect(html).toMatch(/<legend class="label">Candidate<\/legend>.*<input type="radio"[^>]*checked=""[^>]*\/><span>Best by rank<\/span>/)
  expect(html).toContain(`value="${operation === 'failover' ? '16 MB' : '1 MB'}"`)
  expect(html).not.toMatch(/value="(16777216|1048576)"/)
  expect(formOf(operation, { lagBytesMax: 48 * 1024 * 1024 })).toContain('value="48 MB"')
  expect(formOf(operation, { lagBytesMax: 'much' })).toContain('Give a size with its unit, such as 16 MB.')
})

test('a candidate that a link has given by its title stays chosen until the list of candidates is there', () => {
  expect(formOf('failover', { candidate: 'shop on b' })).toMatch(/checked=""[^>]*\/><span>shop on b<\/span>/)
})
