import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longest, the longest first. A fresh clone knows no durations, and the usual guess by size is wrong for these: a matrix or a folder of
 * scenarios is run by a few lines, and one that is begun last is run alone while every other worker waits.
 */
export const longest = [
  'e2e/scenarios.int',
  'lab-matrix.int',
  'lib/kernel/engine/crash-matrix',
  'lib/operations/crash-matrix-failover',
  'lib/operations/crash-matrix.test',
  'crash-matrix',
  '/lab.int',
  '/lifetime.int',
  'lib/adapters/contract/',
  '/poolers.int',
  'lib/playground/',
]

/** Its place among the longest; after all of them when it is none. */
export const rankOf = (path: string): number => {
  const found = longest.findIndex((part) => path.includes(part))
  return found < 0 ? longest.length : found
}

/** As Vitest's own, which goes by the last run's durations and else by size, but what is known to take long is begun first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => rankOf(a.moduleId) - rankOf(b.moduleId))
  }
}
