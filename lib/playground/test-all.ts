import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Failure, failureLines, type PlaywrightReport, playwrightFailures, type VitestReport, vitestFailures } from './failures'
import { ensureBuild, projectRoot } from './setup.mjs'

interface Count {
  passed: number
  failed: number
  /** Those that a report names. */
  failures?: Failure[]
}

interface Stage {
  name: string
  run: (only: string[]) => Promise<Count>
  /** It starts daemons of Debian's packages. */
  needsPackages?: true
}

const reports = join(projectRoot, 'test-results')
const bin = (name: string) => join(projectRoot, 'node_modules/.bin', name)

const command = (file: string, args: string[], environment: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: projectRoot,
      stdio: 'inherit',
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...environment },
    })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })

/** A check that is one pass or one failure. */
const check = (file: string, args: string[]) => async (): Promise<Count> => {
  const isGood = (await command(file, args)) === 0
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1 }
}

/** Reads a report; a runner that died before writing it counts as one failure, and so does one that ran nothing. */
const counted = (file: string, exitCode: number, read: (report: never) => Count): Count => {
  try {
    const count = read(JSON.parse(readFileSync(file, 'utf8')) as never)
    return exitCode !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count
  } catch {
    return { passed: 0, failed: 1 }
  }
}

const vitest =
  (project: string) =>
  async (only: string[]): Promise<Count> => {
    const file = join(reports, `${project}.json`)
    const code = await command(bin('vitest'), [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...only,
    ])
    return counted(file, code, (report: VitestReport) => ({
      passed: report.numPassedTests,
      failed: Math.max(report.numFailedTests, report.numFailedTestSuites > 0 && report.numFailedTests === 0 ? 1 : 0),
      failures: vitestFailures(report, projectRoot),
    }))
  }

const playwright = async (only: string[]): Promise<Count> => {
  const file = join(reports, 'browser.json')
  const code = await command(bin('playwright'), ['test', '--config', 'e2e/playwright.config.ts', ...only], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  })
  return counted(file, code, (report: PlaywrightReport) => ({
    passed: report.stats.expected,
    failed: report.stats.unexpected + report.stats.flaky,
    failures: playwrightFailures(report),
  }))
}

const build = async (): Promise<Count> => {
  try {
    await ensureBuild()
    return { passed: 1, failed: 0 }
  } catch (error) {
    console.error((error as Error).message)
    return { passed: 0, failed: 1 }
  }
}

const stages: Stage[] = [
  { name: 'lint', run: check(bin('biome'), ['ci', '.']) },
  { name: 'types', run: check(bin('tsc'), ['--noEmit', '-p', '.']) },
  { name: 'unit', run: vitest('unit') },
  { name: 'build', run: build },
  { name: 'integration', run: vitest('integration'), needsPackages: true },
  { name: 'browser', run: playwright, needsPackages: true },
]

/**
 * `packages`: Debian's, on their way; the first stages do without. `npm test` runs all stages; `npm test -- unit integration` some of them; words after `--` go to the runners as file filters.
 * A failed stage does not stop the later ones, so one run shows everything that is wrong.
 */
export const runEverything = async (args: string[], packages: Promise<unknown>): Promise<void> => {
  const divider = args.indexOf('--')
  const names = divider < 0 ? args : args.slice(0, divider)
  const only = divider < 0 ? [] : args.slice(divider + 1)
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name))
  if (unknown.length > 0) {
    console.error(`No such stage: ${unknown.join(', ')}. There are: ${stages.map((stage) => stage.name).join(', ')}.`)
    process.exit(2)
  }
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })

  const total: Count = { passed: 0, failed: 0 }
  const lines: string[] = []
  const failures: Failure[] = []
  for (const stage of stages.filter((candidate) => names.length === 0 || names.includes(candidate.name))) {
    const startedAt = performance.now()
    console.log(`\n── ${stage.name}`)
    if (stage.needsPackages)
      await packages.catch((error: Error) => {
        console.error(error.message)
        process.exit(1)
      })
    const count = await stage.run(only)
    total.passed += count.passed
    total.failed += count.failed
    failures.push(...(count.failures ?? []))
    lines.push(
      `${stage.name.padEnd(12)} ${String(count.passed).padStart(5)} passed ${String(count.failed).padStart(4)} failed ${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s`,
    )
  }
  console.log(`\n${failureLines(failures).join('\n')}`)
  console.log(`${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed`)
  process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
}
