import { expect, test } from 'vitest'
import type { ProblemKind, Severity } from '@/lib/domain/problems/problem'
import type { ShownProblem } from './shown'
import { tabTitle } from './tab-title'

const problem = (kind: ProblemKind, severity: Severity, title: string, labels: readonly string[]): ShownProblem => ({
  kind,
  severity,
  title,
  items: labels.map((label) => ({ key: label, environmentId: null, label, href: '/', detail: '', since: null })),
  total: labels.length,
  href: null,
})

test('the tab says how many things are broken and names the worst, and says nothing of what is only a warning', () => {
  const lost = problem('no-primary', 0, '1 herd has no writable primary', ['prod-orders'])
  const down = problem('down', 1, '2 instances are down', ['a', 'b'])
  const lagging = problem('lagging', 2, '1 standby lags', ['c'])
  expect(tabTitle([lost, down, lagging])).toBe('(3!) prod-orders has no primary')
  expect(tabTitle([down, lagging])).toBe('(2!) 2 instances are down')
  expect(tabTitle([lagging])).toBeNull()
  expect(tabTitle([])).toBeNull()
})
