import { counted } from '@/lib/domain/values/counted'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { FailoverFacts } from './facts'

/** Their contents are not in the WAL: a standby has them empty. */
export const unloggedSaid = ({ contents, candidate, mode }: FailoverFacts): Verdict => {
  if (contents === null) return pass
  if (typeof contents === 'string') return unknown(`Which tables are unlogged could not be read. ${contents}`)
  const having = contents.filter(({ unlogged }) => unlogged > 0)
  if (having.length === 0) return pass
  const said = having.map(({ database, unlogged }) => `${counted(unlogged, 'table')} of ${database}`).join(', ')
  return warn(
    `Unlogged: ${said}. They are empty on ${candidate?.title}${mode === 'planned' ? ', and on the old primary too once it has followed' : ''}.`,
  )
}
