import { orders } from '@/lib/domain/statements/statement'
import { statementsQuery, topStatements } from '@/lib/shapes/statements'
import { defineCall } from '../call'

const { from, to, order, look } = statementsQuery.shape

export const statementCalls = {
  topStatements: defineCall({
    method: 'GET',
    path: '/api/v1/instances/{id}/statements',
    tag: 'statements',
    caller: 'actor',
    summary: 'Read which statements led on an instance between two moments',
    description:
      'What pg_stat_statements counted for those that lead in time, calls, blocks read, temporary blocks or WAL: kept once an hour for two days, four times a day for two weeks.',
    query: {
      from: from.description!,
      to: to.description!,
      order: { description: order.description!, schema: { type: 'string', enum: [...orders], default: 'totalMs' } },
      look: { description: look.description!, schema: { type: 'string', enum: ['now'] } },
    },
    output: topStatements,
    faults: ['input.invalid', 'record.missing'],
  }),
}
