import { expect, test } from 'vitest'
import { calls } from '.'

test('the earlier words for the two answers to a job that needs attention still mean the same', () => {
  const read = (decision: string) => calls.resumeRun.input!.parse({ decision }).decision
  expect(['resume', 'go-on', 'abandon', 'give-up'].map(read)).toEqual(['resume', 'resume', 'abandon', 'abandon'])
  expect(calls.resumeRun.input!.safeParse({ decision: 'retry' }).success).toBe(false)
})
