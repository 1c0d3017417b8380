import { expect, test } from 'vitest'
import { virtualClock } from '@/lib/adapters/memory'
import { graceMs, systemClock, withDeadline } from './clock'
import { Fault } from './errors'

const silent = () => new Promise<never>(() => {})
const options = (clock = virtualClock(), signal = new AbortController().signal) => ({ clock, timeoutMs: 1_000, signal, what: 'The work' })

test('work within its deadline is answered at once', async () => {
  expect(await withDeadline(options(), async () => 7)).toBe(7)
})

test('silence past the deadline and its grace is a timeout that does not claim to be over', async () => {
  const clock = virtualClock()
  const startedAt = clock.now().getTime()
  const error = await withDeadline(options(clock), silent).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'shell.timeout', message: 'The work did not end within 1 s' })
  expect((error as Fault).facts.isOver).toBeUndefined()
  expect(clock.now().getTime() - startedAt).toBe(1_000 + graceMs)
})

test('work that answers its abort within the grace is believed: a late success, or a fault that knows its command is dead', async () => {
  const late = (end: (resolve: (value: string) => void, reject: (error: Fault) => void) => void) =>
    withDeadline(
      options(),
      (signal) => new Promise<string>((resolve, reject) => signal.addEventListener('abort', () => end(resolve, reject))),
    )
  expect(await late((resolve) => resolve('late'))).toBe('late')
  const dead = late((_resolve, reject) => reject(new Fault('shell.timeout', { isOver: true })))
  await expect(dead).rejects.toMatchObject({ facts: { isOver: true } })
})

test('aborting from outside interrupts the work', async () => {
  const stop = new AbortController()
  const work = withDeadline(options(virtualClock(), stop.signal), silent)
  stop.abort()
  await expect(work).rejects.toThrow('The work was interrupted')
})

test('the system clock ends a sleep early when its signal aborts', async () => {
  const stop = new AbortController()
  const slept = systemClock.sleep(3_600_000, stop.signal)
  stop.abort()
  await slept
})

test('a step that waits for many things at once is no leak of listeners', async () => {
  const warned: string[] = []
  const hear = (warning: Error) => warned.push(warning.name)
  process.on('warning', hear)
  await withDeadline({ clock: systemClock, timeoutMs: 10_000, signal: new AbortController().signal, what: 'x' }, async (signal) => {
    for (let count = 0; count < 50; count += 1) signal.addEventListener('abort', () => {})
    await new Promise(setImmediate)
  })
  process.off('warning', hear)
  expect(warned).toEqual([])
})
