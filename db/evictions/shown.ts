import { sayAhead } from '@/lib/domain/evictions/ahead'
import type { HerdEvictions } from '@/lib/shapes/evictions'
import { databaseFault, getPool } from '../pg/client'
import { restorableOf } from './restorable'
import { herdAtRisk } from './threatened'

const readAnswer = {
  name: 'eviction-answer',
  text: `select a.state, a.because, a.run_id as "runId" from eviction_answers a where a.herd_id = $1`,
}
const readMeasured = {
  name: 'measured-switchover',
  text: `select gap_ms as "gapMs", issued_at as at from certificates
    where herd_id = $1 and operation in ('switchover', 'patroni-zero-gap') and gap_ms is not null order by issued_at desc limit 1`,
}

/** What AWS does to a herd's spot machines, and what would become of it, for its page; which has shown that the herd may be seen. Throws `database.down`. */
export const herdEvictions = async (herdId: string): Promise<HerdEvictions> => {
  const herd = await herdAtRisk(herdId)
  if (herd === null) return { members: [], answer: null }
  const onSpot = herd.members.filter(({ machine, threat }) => machine.isSpot || threat !== 'none')
  try {
    const [answers, measured, restorable] = await Promise.all([
      getPool().query<NonNullable<HerdEvictions['answer']>>({ ...readAnswer, values: [herdId] }),
      getPool().query<{ gapMs: number; at: Date }>({ ...readMeasured, values: [herdId] }),
      restorableOf(herdId),
    ])
    const [last] = measured.rows
    const known = last === undefined ? null : { gapMs: last.gapMs, at: last.at.toISOString() }
    return {
      answer: answers.rows[0] ?? null,
      members: onSpot.map(({ id, title, role, threat, zone, machine }) => ({
        ...{ id, title, role, threat, dueAt: machine.dueAt },
        machine: machine.type === null ? 'machine not known' : `${machine.type}${zone === null ? '' : ` in ${zone}`}`,
        ahead: sayAhead(herd, id, { measured: known, answers: herd.answers, dataVolumes: machine.dataVolumes, restorable }),
      })),
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
