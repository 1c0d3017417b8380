import { State } from '@/components/ui/state'
import type { CheckStep } from '@/lib/domain/values/check-step'

export type TestedStep = CheckStep<string, keyof typeof styles>

const styles = { pass: ['good', 'pass'], fail: ['bad', 'fail'], skipped: ['neutral', 'skipped'] } as const

/** What a test found, step by step. */
export const CheckSteps = ({ steps }: { steps: readonly TestedStep[] }) => (
  <ol className="grid gap-1" aria-label="Result of the test" aria-live="polite">
    {steps.map((step) => (
      <li key={step.name} className="flex flex-wrap items-baseline gap-x-3">
        <State tone={styles[step.verdict][0]}>{styles[step.verdict][1]}</State>
        <span className="font-semibold">{step.title}</span>
        <span className="text-ink-2">{step.because}</span>
      </li>
    ))}
  </ol>
)
