import { spelledAs } from '../machines/classes'
import type { DescribedTypes } from '../machines/described'
import type { SizedMember, TypeSpan } from './choose'

/** What a rule asks of each member. */
export interface RuleQuestion {
  action: 'down' | 'up' | 'return'
  /** The rule that it reverses. */
  reverseOf: string | null
  type: string | null
  /** `Backup:m5.large`: a server's name, a member's, or a tag of its machine, and its type. */
  memberTypes: readonly string[]
  conditions: string
  /** By which clients `busyClients` counts, and its resizes ask. */
  countedClients: readonly string[]
  ignoredClients: readonly string[]
}

export interface RuleMember {
  id: string
  herdId: string
  title: string
  serverId: string
  hostname: string
  role: string
  cpus: number | null
  /** Of the one machine that is tied to its server; null: none, or several. */
  type: string | null
  region: string | null
  /** `Key=value`, of its machine. */
  tags: readonly string[]
  /** Which types it had in the weeks that a forecast goes by; left out: nobody asked. */
  types?: readonly TypeSpan[]
  /** Types that the sample lacks, as EC2 described them to its account; left out: it described none. */
  described?: DescribedTypes
}

/** The type that a member had before a rule resized it last. */
export interface EarlierType {
  ruleId: string
  memberId: string
  from: string
  /** What the rule made of it, or a fallback of that. */
  became: readonly string[]
}

/** What a rule made of a member: the type it gave, or one of its fallbacks. */
export const becameOf = (to: string, fallbacks: string): string[] =>
  [to, ...fallbacks.split(',').map((one) => one.trim())].filter((one) => one !== '').map((one) => spelledAs(to, one))

const roleTag = 'PGRole'

/** The type that a rule that shrinks or grows gives a member: the first of its own that fits, or the rule's. */
export const wantedType = (
  { type, memberTypes }: Pick<RuleQuestion, 'type' | 'memberTypes'>,
  member: Pick<RuleMember, 'title' | 'hostname' | 'tags'>,
): string | null => {
  for (const line of memberTypes) {
    const at = line.lastIndexOf(':')
    const [name, own] = [line.slice(0, at), line.slice(at + 1)]
    if ([member.title, member.hostname].includes(name) || member.tags.some((tag) => tag === name || tag === `${roleTag}=${name}`))
      return own
  }
  return type
}

/** What a rule would make of each member. */
export const sizedMembers = (rule: RuleQuestion, members: readonly RuleMember[], earlier: readonly EarlierType[]): SizedMember[] =>
  members.map((member) => {
    const { id, title, role, cpus, type, types, described } = member
    const said = { id, title, isPrimary: role === 'primary', cpus, type, ...(types ? { types } : {}), ...(described ? { described } : {}) }
    if (rule.action !== 'return') {
      const to = wantedType(rule, member)
      return { ...said, to: to === null || type === null ? to : spelledAs(type, to), because: null }
    }
    const own = earlier.find(({ ruleId, memberId }) => ruleId === rule.reverseOf && memberId === id)
    if (!own) return { ...said, to: null, because: 'The rule that is reversed has not resized it.' }
    if (type !== null && type !== own.from && !own.became.includes(type))
      return { ...said, to: null, because: `Somebody made it ${type} since; the reversed rule had made it ${own.became[0]}.` }
    return { ...said, to: own.from, because: null }
  })
