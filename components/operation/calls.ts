import { quoteShellWord } from '@/lib/domain/values/shell-quote'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy, type RunPolicy } from '@/lib/kernel/operation/plan'

const kebab = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()

const changedPolicy = (policy: RunPolicy): Partial<RunPolicy> =>
  Object.fromEntries(Object.entries(policy).filter(([name, value]) => defaultPolicy[name as keyof RunPolicy] !== value))

interface Asked {
  operation: string
  /** Plural path of the resource. */
  path: string
  targets: readonly string[]
  input: JsonObject
  policy: RunPolicy
}

/** The two API calls that do what the page does: plan, then submit under the plan's digest. `origin`: where the console is reached. */
export const apiCalls = (asked: Asked, digest: string, origin: string): string => {
  const body = { operation: asked.operation, targets: asked.targets, input: asked.input, policy: changedPolicy(asked.policy) }
  const call = (path: string, json: object) =>
    [
      `curl --fail-with-body -X POST ${quoteShellWord(`${origin}/api/v1/${path}`)} \\`,
      `  -H "Authorization: Bearer $MATRIARCH_TOKEN" -H 'Content-Type: application/json' \\`,
      `  --data-binary ${quoteShellWord(JSON.stringify(json))}`,
    ].join('\n')
  return `${call('plans', body)}\n\n${call('runs', { ...body, digest })}`
}

export const cliCall = (asked: Asked, digest: string): string => {
  const options = [...Object.entries(asked.input), ...Object.entries(changedPolicy(asked.policy))]
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `--${kebab(name)} ${quoteShellWord(typeof value === 'string' ? value : JSON.stringify(value))}`)
  return ['npx matriarch run', asked.operation, ...asked.targets, ...options, `--digest ${digest}`].join(' ')
}
