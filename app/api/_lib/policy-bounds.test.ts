import { expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import { askForPlan } from '@/jobs/requests'
import { systemActor } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { policyBounds, type RunPolicy } from '@/lib/kernel/operation/plan'
import { policySchema } from '@/lib/shapes/plan-schema'
import { openApiDocument } from './openapi'

interface Bounded {
  minimum?: number
  maximum?: number
  anyOf?: Bounded[]
}

const document = JSON.parse(JSON.stringify(openApiDocument()))
const offered: Record<string, Bounded> =
  document.paths['/api/v1/plans'].post.requestBody.content['application/json'].schema.properties.policy.properties
const numberOf = (property: Bounded): Bounded => property.anyOf?.find((one) => one.minimum !== undefined) ?? property

/** Fields that the planner refuses before it looks at any target; it needs no database for that. */
const refusedBy = async (policy: Partial<RunPolicy>): Promise<string[]> => {
  const question = { operation: 'restart', targets: ['00000000-0000-4000-8000-000000000000'], policy }
  const error = await askForPlan(systemActor, question).catch((thrown: unknown) => thrown)
  return isFault(error, 'input.invalid') ? (error.facts.fields ?? []).map(({ path }) => path) : []
}

test('a policy that the API description allows is one that the planner takes, to the last number of each bound', async () => {
  expect(Object.keys(offered).toSorted()).toEqual(Object.keys(policySchema.shape).toSorted())
  for (const [name, bounds] of Object.entries<{ min: number; max?: number }>(policyBounds)) {
    const { minimum, maximum } = numberOf(offered[name]!)
    expect({ name, min: minimum, max: maximum }).toEqual({ name, min: bounds.min, max: bounds.max ?? Number.MAX_SAFE_INTEGER })
    expect(await refusedBy({ [name]: minimum! - 1 }), `${name} below`).toEqual([`policy.${name}`])
    expect(await refusedBy({ [name]: maximum! + 1 }), `${name} above`).toEqual([`policy.${name}`])
    expect(await refusedBy({ [name]: minimum }), `${name} least`).toEqual([])
    expect(await refusedBy({ [name]: maximum }), `${name} most`).toEqual([])
  }
})

test('the schema of a policy reads exactly the policy', () => {
  expectTypeOf<z.infer<typeof policySchema>>().toEqualTypeOf<RunPolicy>()
})
