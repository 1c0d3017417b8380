import { expect, test } from 'vitest'
import { makeDirectory, twoSteps, undo } from '../engine/directories.fixture'
import { policyOf } from './describe-operation'
import { defaultPolicy } from './plan'

test('what takes as long as there is to copy has no deadline of its own; everything else has the usual one', () => {
  expect(policyOf(twoSteps)).toEqual(defaultPolicy)
  const long = { name: 'copy', ...makeDirectory('/copy', undo('/copy')), isLong: true } as unknown as (typeof twoSteps.effects)[number]
  expect(policyOf({ effects: [...twoSteps.effects, long] })).toEqual({ ...defaultPolicy, deadlineSeconds: null })
})
