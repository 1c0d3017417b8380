import { asPattern } from './params'

/** What a request names, as IAM sees it. */
export interface Target {
  /** `*` for an action that has no resources of its own. */
  arn: string
  /** Condition keys and their values, by name in lower case: `aws:resourcetag/role`. */
  keys: Readonly<Record<string, string>>
}

type Condition = (keys: Target['keys']) => boolean

interface Statement {
  isAllow: boolean
  actions: readonly RegExp[]
  resources: readonly RegExp[]
  conditions: readonly Condition[]
}

export type Policy = readonly Statement[]

/** `denied`: a statement forbids it, whatever others allow. */
export type Verdict = 'allowed' | 'denied' | 'not-allowed'

const malformed = (because: string) => new Error(`MalformedPolicyDocument: ${because}`)

/** What an absent key answers is the operator’s own. Source: IAM User Guide, condition operators. */
const operators: Readonly<Record<string, { isLike: boolean; isNegated: boolean }>> = {
  StringEquals: { isLike: false, isNegated: false },
  StringLike: { isLike: true, isNegated: false },
  StringNotEquals: { isLike: false, isNegated: true },
  StringNotLike: { isLike: true, isNegated: true },
}

const texts = (value: unknown, of: string): string[] => {
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0 || list.some((one) => typeof one !== 'string' || one === '')) throw malformed(`${of} must hold text`)
  return list
}

const condition = (name: string, key: string, given: unknown): Condition => {
  const operator = operators[name]
  if (operator === undefined) throw malformed(`unknown condition operator ${name}`)
  const values = texts(given, key)
  const patterns = values.map((value) => asPattern(value))
  return (keys) => {
    const value = keys[key.toLowerCase()]
    const isMatch = value !== undefined && (operator.isLike ? patterns.some((one) => one.test(value)) : values.includes(value))
    return isMatch !== operator.isNegated
  }
}

const parts: ReadonlySet<string> = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition'])

const statement = (given: Readonly<Record<string, unknown>>): Statement => {
  const foreign = Object.keys(given).find((key) => !parts.has(key))
  if (foreign !== undefined) throw malformed(`unknown element ${foreign}`)
  if (given.Effect !== 'Allow' && given.Effect !== 'Deny') throw malformed('Effect must be Allow or Deny')
  const actions = texts(given.Action, 'Action')
  const bad = actions.find((one) => !/^(\*|[a-z0-9-]+:[\w*?]+)$/i.test(one))
  if (bad !== undefined) throw malformed(`the action ${bad} has no service`)
  const resources = texts(given.Resource, 'Resource')
  const place = resources.find((one) => one !== '*' && one.split(':').length < 6)
  if (place !== undefined) throw malformed(`the resource ${place} must be in ARN format or "*"`)
  return {
    isAllow: given.Effect === 'Allow',
    actions: actions.map((one) => asPattern(one, 'i')),
    resources: resources.map((one) => asPattern(one)),
    conditions: Object.entries((given.Condition ?? {}) as Record<string, Record<string, unknown>>).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => condition(operator, key, value)),
    ),
  }
}

/** An IAM policy document, as text. Throws what IAM calls MalformedPolicyDocument, also for what this twin does not know. */
export const readPolicy = (text: string): Policy => {
  const { Version: version, Statement: given } = JSON.parse(text) as { Version?: unknown; Statement?: unknown }
  if (version !== '2012-10-17') throw malformed('the version must be 2012-10-17')
  if (given === undefined) throw malformed('Statement is missing')
  return (Array.isArray(given) ? given : [given]).map((one) => statement(one))
}

/** Whether `action` (`ec2:StopInstances`) may be done to a target. */
export const judged = (policy: Policy, action: string, { arn, keys }: Target): Verdict => {
  const own = policy.filter(
    ({ actions, resources, conditions }) =>
      actions.some((one) => one.test(action)) && resources.some((one) => one.test(arn)) && conditions.every((holds) => holds(keys)),
  )
  if (own.some(({ isAllow }) => !isAllow)) return 'denied'
  return own.length > 0 ? 'allowed' : 'not-allowed'
}
