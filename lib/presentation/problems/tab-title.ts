import type { ProblemKind } from '@/lib/domain/problems/problem'
import type { ShownProblem } from './shown'

/** What is said of the one thing that the worst problem is about. */
const ofOne: Partial<Record<ProblemKind, string>> = {
  'no-primary': 'has no primary',
  'split-brain': 'has more than one primary',
  'two-managers': 'has more than one manager',
  attention: 'needs attention',
  'server-host-key-changed': 'shows another host key',
  'server-machine-changed': 'is another machine',
  'server-unreachable': 'does not answer',
  down: 'is down',
  unreachable: 'is unreachable',
}

/**
 * The fleet in the width of a browser's tab: how many things are broken (severity 0 and 1), and the worst of them: “(2!) prod-orders has no primary”.
 * null: nothing is broken. `problems` come worst first.
 */
export const tabTitle = (problems: readonly ShownProblem[]): string | null => {
  const broken = problems.filter(({ severity }) => severity <= 1)
  const [worst] = broken
  if (!worst) return null
  const count = broken.reduce((sum, { total }) => sum + total, 0)
  const said = ofOne[worst.kind]
  return `(${count}!) ${worst.total === 1 && worst.items[0] && said ? `${worst.items[0].label} ${said}` : worst.title}`
}
