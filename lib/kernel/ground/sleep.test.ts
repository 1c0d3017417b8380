import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { sleep } from './sleep'

const hourMs = 3_600_000

test('a sleep ends at once when its signal aborts, and when it had been aborted before', async () => {
  const stop = new AbortController()
  const slept = sleep(hourMs, stop.signal)
  stop.abort()
  await slept
  await sleep(hourMs, stop.signal)
})

test('a sleep that has ended leaves nothing behind on its signal', async () => {
  const { signal } = new AbortController()
  await sleep(1, signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
