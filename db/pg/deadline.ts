import type pg from 'pg'
import { Fault } from '@/lib/kernel/ground/errors'
import { databaseError, databaseFault, getPool } from './client'

interface Limits {
  timeoutMs: number
  signal?: AbortSignal
}

const ignore = () => {}
const sqlstateOfTimeout = '57014'

/**
 * One statement with a deadline: abandoned before its commit was sent, nothing of it stays (`isOver`).
 * Throws `database.down` at the deadline or when the database does not answer, `shell.cancelled` after an abort.
 */
export const runWithin = async <Row>(text: string, values: readonly unknown[], { timeoutMs, signal }: Limits): Promise<Row[]> => {
  let isCommitting = false
  let client: pg.PoolClient | undefined
  let hasGivenUp = false
  const fate = () => (isCommitting ? {} : { isOver: true })
  const late = () =>
    new Fault('database.down', { ...fate(), because: `The metadata database did not answer within ${timeoutMs / 1000} s.` })
  const work = async (): Promise<Row[]> => {
    const session = await getPool().connect()
    if (hasGivenUp) {
      session.release()
      return []
    }
    client = session.on('error', ignore)
    await session.query(`begin; set local statement_timeout = ${Math.max(1, Math.ceil(timeoutMs))}`)
    const { rows } = await session.query(text, [...values])
    isCommitting = true
    await session.query('commit')
    return rows
  }
  if (signal?.aborted) throw new Fault('shell.cancelled', { isOver: true })
  let abort = () => {}
  let timer: NodeJS.Timeout | undefined
  const givenUp = new Promise<never>((_, reject) => {
    const giveUp = (fault: Fault) => {
      hasGivenUp = true
      reject(fault)
    }
    timer = setTimeout(() => giveUp(late()), timeoutMs)
    abort = () => giveUp(new Fault('shell.cancelled', fate()))
    signal?.addEventListener('abort', abort, { once: true })
  })
  let broken: unknown
  try {
    return await Promise.race([work(), givenUp])
  } catch (error) {
    broken = error
    throw databaseError(error)?.code === sqlstateOfTimeout ? late() : databaseFault(error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    // Closed, its transaction is rolled back; the error may also have been the connection's own.
    client?.off('error', ignore)
    client?.release(broken === undefined ? undefined : true)
  }
}
