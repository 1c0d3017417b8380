import type { RuleAnswer } from '@/db/pygmy/rules'
import { FieldFaults } from '@/lib/domain/pygmy/field-faults'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Given, Sent } from './pygmy'

/** What is no JSON at all is to these calls a parameter that is missing, and 200. */
export const readRuleBody = async (read: Given['read'], work: (sent: Sent) => Promise<RuleAnswer>): Promise<RuleAnswer> => {
  let sent: Sent
  try {
    sent = await read()
  } catch (error) {
    if (error instanceof FieldFaults) return { error: 'missing parameter', data: 'The body is no object.' }
    if (!['input.malformed', 'input.media-type', 'input.invalid'].some((code) => isFault(error) && error.code === code)) throw error
    return { error: 'missing parameter', data: (error as Error).message }
  }
  return work(sent)
}
