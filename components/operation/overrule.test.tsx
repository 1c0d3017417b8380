import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '@/lib/operations/failover'
import { Overrule, withWords } from './overrule'

const planWithDeadHost = async (raw: JsonObject) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
  fleet.host('n1').power = 'off'
  const input = failover.input.parse(raw) as JsonObject
  const { herdId } = fleet.instance('demo on n1').inventory
  return { input, target: await makeTargetPlan(failover, fleet.read, input, herdId, new AbortController().signal) }
}

const shown = async (raw: JsonObject) => {
  const { input, target } = await planWithDeadHost(raw)
  return renderToStaticMarkup(<Overrule targets={[target]} input={input} isBusy={false} onPlan={() => {}} />)
}

test('the refusal of a failover whose old primary cannot be fenced holds the pledge, what to type and the way on, and its plan can be read whole', async () => {
  const { target } = await planWithDeadHost({})
  expect([target.eligible, target.reason]).toEqual([false, expect.stringContaining('Nothing proves that demo on n1 is down')])
  expect(target.effects.map(({ name, state }) => [name, state])).toContainEqual(['promote', 'will-run'])
  expect(target.affected).not.toEqual([])
  const page = await shown({})
  expect(page).toContain('Nothing proves that demo on n1 is down')
  expect(page).toMatch(/I know that demo on n1 is off, or cut off from every client\..*Type <code class="plan-phrase">demo<\/code>/)
  expect(page).toMatch(/<button type="submit"[^>]*disabled=""[^>]*>Plan without a fence<\/button>/)
})

test('once the name was given there is nothing left to overrule', async () => {
  expect((await planWithDeadHost({ override: 'demo' })).target.eligible).toBe(true)
  expect(await shown({ override: 'demo' })).toBe('')
})

test('words for another herd are added to those that were typed before', () => {
  const one = (words: string) => ({ input: 'override', words, pledge: '', action: '' })
  expect(withWords({ mode: 'auto', override: '' }, [one('shop')])).toEqual({ mode: 'auto', override: 'shop' })
  expect(withWords({ override: 'shop, crm' }, [one('crm'), one('ledger')])).toEqual({ override: 'shop, crm, ledger' })
})
