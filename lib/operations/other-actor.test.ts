import { expect, test } from 'vitest'
import { actorCases, actorStage } from '@/e2e/harness/twin/actor-cases'
import { otherActorMatrix } from '@/e2e/harness/twin/other-actor'
import { brokenOf } from '@/lib/kernel/engine/crash-matrix'

for (const one of actorCases)
  test(`${one.operation} ${one.what}: whatever somebody else does meanwhile, seen or unseen, nobody is made a second writer, no client waits for ever, and a person is told what to do`, {
    timeout: 300_000,
  }, async () => {
    const results = await otherActorMatrix(() => actorStage(one), { stride: one.stride })
    expect(results.length).toBeGreaterThan(0)
    expect(brokenOf(results)).toEqual([])
  })
