import { describe, expect, test } from 'vitest'
import type { InstanceAddress } from '@/lib/ports'
import type { Postgres } from '../postgres'
import { faultOf } from './caught'

export const caps = { database: 'postgres', statementTimeoutMs: 10_000, rowsMax: 100, bytesMax: 100_000 }
const quick = { timeoutMs: 20_000 }

/** What people may run on a server, by their hand, over the connection that the looks use. */
export const statementCases = (given: () => { postgres: Postgres; primary: InstanceAddress }): void => {
  const postgres = () => given().postgres
  const primary = () => given().primary
  describe('statements of people', () => {
    test('values are PostgreSQL’s own text, NULL apart from empty', async () => {
      const grid = await postgres().read.query(
        primary(),
        `select 1 as one, null as nothing, '' as empty, array[1,2] as list, true as yes, 'Köln' as town`,
        caps,
      )
      expect(grid).toMatchObject({
        columns: ['one', 'nothing', 'empty', 'list', 'yes', 'town'],
        rows: [['1', null, '', '{1,2}', 't', 'Köln']],
        rowCount: 1,
        isCut: false,
        command: 'SELECT',
      })
    })

    test('a read cannot write, nor end its transaction and go on', async () => {
      const write = await faultOf(postgres().read.query(primary(), 'create table t (i int)', caps))
      expect(write).toMatchObject({ code: 'sql.failed', facts: { sqlstate: '25006' } })
      const ended = await faultOf(postgres().read.query(primary(), 'commit; create table t (i int)', caps))
      expect(ended).toMatchObject({ code: 'sql.failed', facts: { sqlstate: '42601' } })
      const lifted = await faultOf(
        postgres().read.query(primary(), `do $$ begin set transaction read write; create table t (i int); end $$`, caps),
      )
      expect(lifted.code).toBe('sql.failed')
    })

    test('a write is one transaction, whose number is told before it is sent and whose fate can be asked for', async () => {
      const heard: string[] = []
      const onTransaction = async (xid: string) => {
        heard.push(xid)
      }
      const grid = await postgres().act.execute(primary(), 'create table kept as select 7 as n', { ...caps, onTransaction })
      expect(grid.rowCount).toBe(1)
      expect(await postgres().read.transactionFate(primary(), heard[0]!, quick)).toBe('committed')
      const fault = await faultOf(postgres().act.execute(primary(), 'insert into kept select 1/0', { ...caps, onTransaction }))
      expect(fault).toMatchObject({ code: 'sql.failed', facts: { sqlstate: '22012', isOver: true } })
      expect(await postgres().read.transactionFate(primary(), heard[1]!, quick)).toBe('aborted')
      await postgres().act.execute(primary(), 'drop table kept', { ...caps, onTransaction })
    })

    test('rows past the cap are left out, and the statement is stopped', async () => {
      const grid = await postgres().read.query(primary(), 'select a from generate_series(1, 5000) a, generate_series(1, 200000) b', {
        ...caps,
        rowsMax: 5,
      })
      expect(grid).toMatchObject({ rows: [['1'], ['1'], ['1'], ['1'], ['1']], isCut: true })
    })

    test('bytes past the cap are left out', async () => {
      const grid = await postgres().read.query(primary(), `select repeat('x', 600) from generate_series(1, 10)`, {
        ...caps,
        bytesMax: 1500,
      })
      expect(grid.rows.length).toBe(2)
      expect(grid.isCut).toBe(true)
    })

    test('a statement past its time is stopped on the server', async () => {
      const fault = await faultOf(postgres().read.query(primary(), 'select pg_sleep(60)', { ...caps, statementTimeoutMs: 200 }))
      expect(fault).toMatchObject({ code: 'sql.timeout', facts: { isOver: true } })
    })

    test('a cancelled statement is stopped on the server', async () => {
      const abort = new AbortController()
      const ending = faultOf(
        postgres().read.query(primary(), `select pg_sleep(60) as napping`, {
          ...caps,
          statementTimeoutMs: 60_000,
          signal: abort.signal,
        }),
      )
      const napping = async () =>
        (
          await postgres().read.query(
            primary(),
            `select count(*) from pg_stat_activity where query like '%as napping' and state = 'active' and pid <> pg_backend_pid()`,
            caps,
          )
        ).rows[0]![0]
      const limit = Date.now() + 20_000
      while ((await napping()) === '0' && Date.now() < limit);
      abort.abort()
      expect((await ending).code).toBe('sql.timeout')
      while ((await napping()) !== '0' && Date.now() < limit);
      expect(await napping()).toBe('0')
    })
  })
}
