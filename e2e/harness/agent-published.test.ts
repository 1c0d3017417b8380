import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { agent } from './agent-runs'

test('the published SHA-256 is that of the published file', () => {
  const sum = createHash('sha256').update(readFileSync(agent)).digest('hex')
  expect(readFileSync(`${agent}.sha256`, 'utf8')).toBe(`${sum}  matriarch-report\n`)
})
