import { type Actor, allowance } from '@/lib/kernel/access/access'
import { getPool } from '../pg/client'
import { guarded } from './numbers'

export interface NotedCall {
  at: string
  actorName: string
  method: string
  path: string
  status: number
  /** What it was refused with; empty: nothing. */
  answer: string
}

const keptMax = 1000
const pathMax = 200
const answerMax = 500

/** Notes a call by somebody who is known, with what it was refused with. */
export const noteCall = (actor: Actor, call: Omit<NotedCall, 'at' | 'actorName'>): Promise<void> =>
  guarded(async () => {
    const { method, path, status, answer } = call
    const { rows } = await getPool().query<{ seq: string }>(
      `insert into pygmy_calls (person_id, actor_name, method, path, status, answer) values ($1, $2, $3, $4, $5, $6) returning seq`,
      [actor.personId, actor.name, method, path.slice(0, pathMax), status, answer.slice(0, answerMax)],
    )
    await getPool().query('delete from pygmy_calls where seq <= $1', [Number(rows[0]!.seq) - keptMax])
  })

/** The newest ones: everybody's for who sees every environment, else one's own. */
export const readCalls = (actor: Actor, count = 50): Promise<NotedCall[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<Omit<NotedCall, 'at'> & { at: Date }>(
      `select at, actor_name as "actorName", method, path, status, answer from pygmy_calls where $1 or person_id = $2 order by seq desc limit $3`,
      [allowance(actor, 'sizing-rule.view') === 'all', actor.personId, count],
    )
    return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }))
  })
