import { expect, test } from 'vitest'
import type { Append } from '@/db/runs/journal'
import { Fault } from '@/lib/kernel/ground/errors'
import { appendEach } from './append-each'

const appendOf = (jobId: string): Append => ({ runId: 'r', jobId, token: 1, firstSeq: 1, entries: [] }) as unknown as Append
const both = [appendOf('a'), appendOf('b')]

test('a line that is refused answers for its own job and not for those that shared its transaction', async () => {
  const answers = await appendEach(both, async (appends) => {
    if (appends.some(({ jobId }) => jobId === 'a')) throw new Error('invalid input syntax for type json')
    return appends.map(() => null)
  })
  expect(answers.map((fault) => fault?.code ?? null)).toEqual(['internal.bug', null])
})

test('a database that goes away while the lines are written one by one is no answer: all of them are written again', async () => {
  const write = async (appends: readonly Append[]) => {
    throw appends.length > 1 ? new Error('something nobody knows') : new Fault('database.down')
  }
  await expect(appendEach(both, write)).rejects.toMatchObject({ code: 'database.down' })
})
