import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { describeOperation, operationByName } from '@/lib/operations'
import { inputFields } from './input-fields'
import { PlanOptions } from './plan-options'

const formOf = (operation: string, values: Record<string, string>) =>
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
