import { expect, test } from 'vitest'
import { makeBatch } from './batch'

test('calls that arrive while a batch is under way share the next one', async () => {
  const batches: number[][] = []
  const open: (() => void)[] = []
  const double = makeBatch<number, number>(
    async (items) => {
      batches.push([...items])
      await new Promise<void>((resolve) => open.push(resolve))
      return items.map((item) => item * 2)
    },
    { max: 3 },
  )
  const first = double(1)
  await new Promise((resolve) => setImmediate(resolve))
  const later = [2, 3, 4, 5].map(double)
  open.shift()!()
  expect(await first).toBe(2)
  await new Promise((resolve) => setImmediate(resolve))
  open.shift()!()
  expect(await Promise.all(later.slice(0, 3))).toEqual([4, 6, 8])
  await new Promise((resolve) => setImmediate(resolve))
  open.shift()!()
  expect(await later[3]).toBe(10)
  expect(batches).toEqual([[1], [2, 3, 4], [5]])
})

test('a batch that throws fails its own calls and no others', async () => {
  const work = makeBatch<number, number>(
    async (items) => {
      if (items.includes(1)) throw new Error('no')
      return items
    },
    { max: 1 },
  )
  const [bad, good] = await Promise.allSettled([work(1), work(2)])
  expect(bad.status).toBe('rejected')
  expect(good).toEqual({ status: 'fulfilled', value: 2 })
})
