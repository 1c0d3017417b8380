import { expect, test } from 'vitest'
import { failureLines, playwrightFailures, vitestFailures } from './failures'

test('what failed in a Vitest report is named with its file, and so is a file that could not be read', () => {
  const failed = { status: 'failed', fullName: 'a standby streams', failureMessages: ['\u001b[31mexpected 1 to be 2\u001b[39m\n at x'] }
  const passed = { status: 'passed', fullName: 'a primary writes', failureMessages: [] }
  const report = {
    numPassedTests: 1,
    numFailedTests: 1,
    numFailedTestSuites: 2,
    testResults: [
      { name: '/repo/db/a.int.test.ts', status: 'failed', message: '', assertionResults: [failed, passed] },
      { name: '/repo/db/b.int.test.ts', status: 'failed', message: 'Cannot find module x', assertionResults: [] },
      { name: '/repo/db/c.int.test.ts', status: 'passed', message: '', assertionResults: [passed] },
    ],
  }
  expect(failureLines(vitestFailures(report, '/repo'))).toEqual([
    '✗ db/a.int.test.ts',
    '  a standby streams',
    '    expected 1 to be 2',
    '     at x',
    '',
    '✗ db/b.int.test.ts',
    '  the file itself',
    '    Cannot find module x',
    '',
  ])
})

test('what failed in a Playwright report is named, in nested suites too, and so is an error of the run itself', () => {
  const failed = { title: 'a page opens', ok: false, tests: [{ results: [{ errors: [{ message: 'timed out' }] }] }] }
  const passed = { title: 'a page closes', ok: true, tests: [{ results: [{ errors: [] }] }] }
  const report = {
    stats: { expected: 1, unexpected: 1, flaky: 0 },
    suites: [{ file: 'x.spec.ts', specs: [passed], suites: [{ file: 'x.spec.ts', specs: [failed] }] }],
    errors: [{ message: 'no browser' }],
  }
  expect(playwrightFailures(report)).toEqual([
    { file: 'x.spec.ts', name: 'a page opens', message: 'timed out' },
    { file: 'playwright', name: 'the run itself', message: 'no browser' },
  ])
})

test('a long message is cut to its first lines', () => {
  const message = Array.from({ length: 50 }, (_, at) => `line ${at}`).join('\n')
  expect(failureLines([{ file: 'a', name: 'b', message }], 3)).toEqual(['✗ a', '  b', '    line 0', '    line 1', '    line 2', ''])
})
