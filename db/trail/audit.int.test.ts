import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { systemActor } from '@/lib/kernel/access/access'
import { getPool, inTransaction } from '../pg/client'
import { verifyAudit, writeAudit } from './audit'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

const tamper = async (statement: string) => {
  await getPool().query('alter table audit disable trigger audit_append_only')
  await getPool().query(statement)
  await getPool().query('alter table audit enable trigger audit_append_only')
}

test('twenty writers at once make one unbroken chain, and a rolled back one leaves no hole', async () => {
  const write = (index: number) =>
    inTransaction(async (tx) => {
      await writeAudit(
        tx,
        { ...systemActor, from: '::1' },
        { act: 'test', title: `n${index}\0\ud800`, detail: { index, text: 'é\0', none: undefined, nested: { b: 1.5, a: null } } },
      )
      if (index % 5 === 0) throw new Error('rolled back')
    }).catch(() => {})
  await Promise.all(Array.from({ length: 20 }, (_, index) => write(index)))
  expect(await verifyAudit()).toMatchObject({ ok: true, lines: 16 })
})

test('a changed line, a missing line and a rehashed line are each found and named', async () => {
  const { head } = await verifyAudit()
  await tamper("update audit set title = 'other' where seq = 7")
  expect(await verifyAudit()).toMatchObject({ ok: false, firstBroken: 7, because: expect.stringContaining('was changed') })
  await tamper("update audit set hash = repeat('f', 64) where seq = 7")
  expect(await verifyAudit()).toMatchObject({ ok: false, firstBroken: 7 })
  await tamper('delete from audit where seq = 7')
  expect(await verifyAudit()).toMatchObject({ ok: false, firstBroken: 8, because: expect.stringContaining('missing') })
  await tamper('delete from audit where seq > 6')
  expect(await verifyAudit()).toMatchObject({ ok: true, lines: 6 })
  expect((await verifyAudit()).head).not.toBe(head)
})
