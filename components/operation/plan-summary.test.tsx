import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '@/lib/operations/failover'
import { PlanSummary } from './plan-summary'

const shown = async (isSplit: boolean) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
  fleet.host('n1').power = 'off'
  const input = failover.input.parse(isSplit ? { candidate: 'nobody' } : {}) as JsonObject
  const { herdId } = fleet.instance('demo on n1').inventory
  const target = await makeTargetPlan(failover, fleet.read, input, herdId, new AbortController().signal)
  const plan = composePlan(failover, input, defaultPolicy, [target], [], null, { at: new Date(0), inMs: 1 })
  return renderToStaticMarkup(
    <PlanSummary plan={plan} resource={{ name: 'dr-pair', path: 'dr-pairs', noun: ['DR pair', 'DR pairs'] }} environments={{}}>
      <p>the way on</p>
    </PlanSummary>,
  )
}

test('a plan that only an overrulable refusal stops sums up what would happen, and answers the refusal above every warning', async () => {
  const page = await shown(false)
  expect(page).toContain('Nothing will run')
  expect(page).toContain('Contains a step that cannot be undone')
  expect(page.indexOf('the way on')).toBeLessThan(page.indexOf('checks warn'))
  expect(page).not.toContain('Every step can be undone')
})

test('a plan that nobody can overrule claims neither a rollback nor that nobody notices', async () => {
  const page = await shown(true)
  expect(page).toContain('Nothing will run')
  expect(page).not.toMatch(/Impact|Rollback|Duration|Nobody/)
  expect(page).toContain('1 is excluded')
})
