import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { readRuleBody } from '@/app/api/_lib/pygmy-rule'
import { changeRule, deleteRule } from '@/db/pygmy/rules'
import { env } from '@/lib/env'

export const PUT = servePygmy(calls.pygmyChangeRule, async ({ actor, number, read }) => {
  const wanted = number()
  return readRuleBody(read, (sent) => changeRule(actor, wanted, sent, env().PYGMY_TIME_ZONE))
})
export const DELETE = servePygmy(calls.pygmyDeleteRule, async ({ actor, number }) => {
  await deleteRule(actor, number())
  return { success: true }
})
