/** A test that failed: its file, its name (or what else went wrong in that file), and how. */
export interface Failure {
  file: string
  name: string
  message: string
}

/** The parts of Vitest’s JSON report that are read here. A file that could not be collected has a message and no tests. */
export interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numFailedTestSuites: number
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { status: string; fullName: string; failureMessages: string[] | null }[]
  }[]
}

interface PlaywrightSuite {
  file: string
  specs: { title: string; ok: boolean; tests: { results: { errors: { message?: string }[] }[] }[] }[]
  suites?: PlaywrightSuite[]
}

/** The parts of Playwright’s JSON report that are read here. */
export interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number }
  suites: PlaywrightSuite[]
  errors: { message?: string }[]
}

export const vitestFailures = (report: VitestReport, root: string): Failure[] =>
  report.testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name
      const failed = assertionResults.filter(({ status }) => status === 'failed')
      if (failed.length === 0) return [{ file, name: 'the file itself', message }]
      return failed.map(({ fullName, failureMessages }) => ({ file, name: fullName, message: failureMessages?.join('\n') ?? '' }))
    })

const suiteFailures = ({ file, specs, suites = [] }: PlaywrightSuite): Failure[] => [
  ...specs
    .filter(({ ok }) => !ok)
    .map(({ title, tests }) => {
      const errors = tests.flatMap(({ results }) => results.flatMap((result) => result.errors))
      return { file, name: title, message: errors.map(({ message }) => message ?? '').join('\n') }
    }),
  ...suites.flatMap(suiteFailures),
]

export const playwrightFailures = (report: PlaywrightReport): Failure[] => [
  ...report.suites.flatMap(suiteFailures),
  ...report.errors.map(({ message }) => ({ file: 'playwright', name: 'the run itself', message: message ?? '' })),
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: runners colour what they say.
const colours = /\u001b\[[0-9;]*m/g

/** What failed, said once more after all stages: whoever sees only the end of a long output sees why. */
export const failureLines = (failures: readonly Failure[], linesEach = 12): string[] =>
  failures.flatMap(({ file, name, message }) => [
    `✗ ${file}`,
    `  ${name}`,
    ...message
      .replace(colours, '')
      .split('\n')
      .slice(0, linesEach)
      .map((line) => `    ${line.slice(0, 400)}`),
    '',
  ])
