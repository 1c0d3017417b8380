import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { readRuleBody } from '@/app/api/_lib/pygmy-rule'
import { addRule, readRules } from '@/db/pygmy/rules'
import { env } from '@/lib/env'

export const GET = servePygmy(calls.pygmyRules, ({ actor }) => readRules(actor))
export const POST = servePygmy(calls.pygmyAddRule, async ({ actor, read }) =>
  readRuleBody(read, (sent) => addRule(actor, sent, env().PYGMY_TIME_ZONE)),
)
