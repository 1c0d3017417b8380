import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allScenarios, readScenarios, tableOf } from './cli'

test('every file with a fault is named before anything begins', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scenarios-'))
  try {
    const paths = ['one', 'two', 'three'].map((name) => join(folder, `${name}.yaml`))
    const fleet = 'fleet:\n  herds:\n    shop: a > b\n'
    writeFileSync(paths[0]!, `name: one\n${fleet}steps:\n  - lode: 4\n`)
    writeFileSync(paths[1]!, `name: two\n${fleet}steps:\n  - load: 4\n`)
    writeFileSync(paths[2]!, `name: three\n${fleet}steps:\n  - load: many\n`)
    expect(() => readScenarios(paths)).toThrow(/^one\.yaml:6: .* has no verb among lode.*\nthree\.yaml:6: .*a whole number is needed\.$/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the table has a line for each file by name, what failed under it, and the sum', () => {
  const [first, second, third] = allScenarios()
  const lines = tableOf(
    [
      { scenario: third!, passed: true, faults: [], seconds: 2.04 },
      { scenario: first!, passed: false, faults: ['line 14: expected job done; waiting'], seconds: 61.26 },
      { scenario: second!, passed: true, faults: [], seconds: 12 },
    ],
    90,
  )
  expect(lines).toEqual([
    '',
    `FAILED   61.3 s  ${first!.file}: ${first!.name}`,
    '                   line 14: expected job done; waiting',
    `passed   12.0 s  ${second!.file}: ${second!.name}`,
    `passed    2.0 s  ${third!.file}: ${third!.name}`,
    '2 passed, 1 failed in 1 min 30 s',
  ])
})
