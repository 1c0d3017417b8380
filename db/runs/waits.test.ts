import { expect, test } from 'vitest'
import { sayWait } from './waits'

const job = (over: Partial<Parameters<typeof sayWait>[0]>) =>
  sayWait({ id: 'j', state: 'running', because: null, holder: 'vm:1', seconds: 12, silentSeconds: 1, workers: 2, ageSeconds: 9, ...over })

test('a job that is driven waits for nothing, also when its worker is a little late with one of its two signs of life', () => {
  expect(job({})).toBeNull()
  expect(job({ silentSeconds: 8 })).toBeNull()
  expect(job({ seconds: 5 })).toBeNull()
  expect(job({ state: 'attention', seconds: null, holder: null })).toBeNull()
})

test('a job whose worker is gone says so, and when another takes over', () => {
  expect(job({ seconds: 6.2, silentSeconds: 9 })).toBe('Its worker vm:1 is gone. Another takes over in 7 s.')
  expect(job({ seconds: 6.2, silentSeconds: null })).toBe('Its worker vm:1 is gone. Another takes over in 7 s.')
  expect(job({ seconds: -1, silentSeconds: 16 })).toBe('Its worker vm:1 is gone. Another takes over now.')
  expect(job({ seconds: null, holder: null })).toBe('No worker drives it. Another takes over now.')
})

test('where no worker is left, nobody is promised', () => {
  const nobody = 'No worker is running: it continues once one is started.'
  expect(job({ seconds: -1, workers: 0 })).toBe(`Its worker vm:1 is gone. ${nobody}`)
  expect(job({ state: 'waiting', workers: 0 })).toBe(nobody)
})

test('a job that has not started says what it was told to wait for, or that a worker has yet to take it', () => {
  expect(job({ state: 'waiting', because: 'Waits: the herd is locked by dana.' })).toBe('Waits: the herd is locked by dana.')
  expect(job({ state: 'waiting' })).toBe('Waits for a worker.')
  expect(job({ state: 'waiting', ageSeconds: 1 })).toBeNull()
})
