import { CopyButton } from '@/components/ui/copy-button'
import type { Plan } from '@/lib/kernel/operation/plan'
import { apiCalls, cliCall } from './calls'

/** The same act without the page. */
export const Calls = ({ plan, path, origin }: { plan: Plan; path: string; origin: string }) => {
  const asked = {
    operation: plan.operation,
    path,
    targets: plan.targets.filter((target) => target.eligible).map((target) => target.id),
    input: plan.input,
    policy: plan.policy,
  }
  const api = apiCalls(asked, plan.digest, origin)
  const cli = cliCall(asked, plan.digest)
  return (
    <details className="card plan-fold">
      <summary>
        <strong>The same through the API and the command line</strong>
      </summary>
      <div className="body grid gap-2">
        <h3>API</h3>
        <code className="code max-h-72">{api}</code>
        <CopyButton text={api} label="Copy the API calls" />
        <h3>Command</h3>
        <code className="code max-h-72">{cli}</code>
        <CopyButton text={cli} label="Copy the command" />
      </div>
    </details>
  )
}
