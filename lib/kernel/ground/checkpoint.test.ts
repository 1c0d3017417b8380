import { expect, test } from 'vitest'
import { makeCertificateKeys } from './certificate'
import {
  beforeFirst,
  type Checkpoint,
  checkpointVersion,
  type Followed,
  followCheckpoint,
  readCheckpoint,
  signCheckpoint,
} from './checkpoint'

const keys = makeCertificateKeys()
const next = (before: Followed | null, over: Partial<Checkpoint> = {}, by = keys): string =>
  signCheckpoint(
    {
      version: checkpointVersion,
      trail: '7d3c8c2e-54c8-4b11-9d0c-0a6ee6a0f001',
      number: (before?.number ?? 0) + 1,
      at: '2026-03-01T00:00:00.000Z',
      lines: (before?.lines ?? 0) + 10,
      head: 'a'.repeat(64),
      previous: before?.hash ?? beforeFirst,
      ...over,
    },
    by,
  )
const follow = (before: Followed | null, document: string): Followed => {
  const answer = followCheckpoint(before, document)
  if (!answer.ok) throw new Error(answer.because)
  return answer.followed
}
const because = (before: Followed | null, document: string) => {
  const answer = followCheckpoint(before, document)
  return answer.ok ? null : answer.because
}

test('checkpoints follow one another from the first', () => {
  const first = follow(null, next(null))
  const second = follow(first, next(first))
  expect([first.number, second.number, second.lines]).toEqual([1, 2, 20])
  expect(second.keyId).toMatch(/^SHA256:/)
})

test('one that was changed, replaced by another signed one, left out, or signed by another key is told apart', () => {
  const first = follow(null, next(null))
  const second = follow(first, next(first))
  const third = next(second)
  expect(because(second, third.replace('"lines":30', '"lines":31'))).toBe('Checkpoint 3 was changed after it was signed, or is none.')
  expect(because(second, third.replace(',', ', '))).toContain('was changed')
  expect(because(second, 'nonsense')).toContain('or is none')
  expect(because(second, next(follow(second, third)))).toBe('Checkpoint 3 is missing: number 4 stands in its place.')
  const other = follow(null, next(null, { head: 'b'.repeat(64) }))
  expect(because(first, next(other))).toBe('Checkpoint 2 does not follow the one before it.')
  expect(because(second, next(second, {}, makeCertificateKeys()))).toContain('signed by another key')
  expect(because(second, next(second, { trail: '7d3c8c2e-54c8-4b11-9d0c-0a6ee6a0f002' }))).toContain('another trail')
  expect(because(second, next(second, { lines: 19 }))).toContain('contradicts')
  expect(because(second, next(second, { lines: 20, head: 'c'.repeat(64) }))).toContain('contradicts')
})

test('the key that a document brings is not believed to be another one', () => {
  const [mine, theirs] = [next(null), next(null, {}, makeCertificateKeys())]
  const keyOf = (document: string) => JSON.parse(document).signature.publicKey as string
  expect(readCheckpoint(theirs.replace(keyOf(theirs), keyOf(mine)))).toBeNull()
})
