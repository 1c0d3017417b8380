import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { certificateKeys } from '@/db/keys/certificate-key'
import { getPool, inTransaction } from '@/db/pg/client'
import { verifyAudit, writeAudit } from '@/db/trail/audit'
import { hashOf, type Line } from '@/db/trail/chain'
import { databaseStore, listTrails } from '@/db/trail/trails'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeCheckpointFile } from '@/lib/adapters/audit/file'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { closeBox } from '@/lib/kernel/ground/sealed-box'
import { AuditWatch, type WatchOptions } from './watch-audit'

const vault = makeVault(Buffer.alloc(32, 7).toString('base64'))
const log = { info: () => {}, warn: () => {}, error: () => {} }
let database: TestDatabase
let folder: string
let path: string
beforeAll(async () => {
  database = await startDatabase()
  folder = await mkdtemp(join(tmpdir(), 'matriarch-audit-'))
})
afterAll(async () => {
  await database?.stop()
  await rm(folder, { recursive: true, force: true })
})

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
/** What somebody with all rights on the database can do. */
const asSuperuser = async (...statements: string[]) => {
  for (const table of ['audit', 'audit_checkpoints']) await query(`alter table ${table} disable trigger ${table}_append_only`)
  for (const statement of statements) await query(statement)
  for (const table of ['audit', 'audit_checkpoints']) await query(`alter table ${table} enable trigger ${table}_append_only`)
}
const write = async (count: number) => {
  for (let index = 0; index < count; index++)
    await inTransaction((tx) => writeAudit(tx, systemActor, { act: 'test', title: `n${index}`, detail: { index } }))
}
/** As whoever owns the database would: one line becomes another, and every hash after it is made to fit. */
const rewriteFrom = async (seq: number) => {
  const rows = await query('select * from audit order by seq')
  const statements: string[] = []
  let head = '0'.repeat(64)
  for (const row of rows) {
    const line: Line = {
      seq: Number(row.seq),
      id: row.id,
      at: row.at.toISOString(),
      personId: row.person_id,
      actorName: row.actor_name,
      actorKind: row.actor_kind,
      from: row.from_address,
      act: row.act,
      resource: row.resource,
      objectId: row.object_id,
      title: Number(row.seq) === seq ? 'nothing happened here' : row.title,
      environmentId: row.environment_id,
      detail: row.detail,
    }
    const hash = hashOf(head, line)
    statements.push(`update audit set title = '${line.title}', previous_hash = '${head}', hash = '${hash}' where seq = ${row.seq}`)
    head = hash
  }
  await asSuperuser(...statements)
}

/** Signs at each look where a line was added, and reads the whole chain at each. */
const pace = { checkpointEveryMs: 3_600_000, checkpointEveryLines: 1, wholeEveryMs: 0, wholeLines: 1_000 }
const keys = () => certificateKeys(vault, makeCertificateKeys)
const watching = (over: Partial<WatchOptions> = {}) =>
  new AuditWatch({ store: makeCheckpointFile(path), sink: null, keys, holder: 'w1', log, pace, ...over })
const trail = async () => (await listTrails())[0]!
const documents = async () => (await readFile(path, 'utf8')).split('\n').slice(0, -1)
/** Three checkpoints over a dozen lines. */
const begin = async () => {
  const watch = watching()
  for (const _ of [1, 2, 3]) {
    await write(4)
    await watch.look()
  }
  expect((await trail()).breach).toBeNull()
  return watch
}

let number = 0
beforeEach(async () => {
  path = join(folder, `checkpoints-${++number}.jsonl`)
  await asSuperuser('truncate audit', 'truncate audit_checkpoints', 'truncate audit_trails')
})

test('each checkpoint is signed, on disk under mode 0600 and copied to the database, at a threshold of lines and after a time', async () => {
  await write(3)
  const slow = { ...pace, checkpointEveryLines: 10 }
  const watch = watching({ pace: slow })
  await watch.look()
  expect(await documents()).toHaveLength(1)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await write(9)
  await watch.look()
  // The line that a trail was begun is the fourth.
  expect(await documents()).toHaveLength(2)
  await write(2)
  await watch.look()
  expect(await documents()).toHaveLength(2)
  await watching({ pace: { ...slow, checkpointEveryMs: 0 } }).look()
  expect(await documents()).toHaveLength(3)
  expect((await query('select document from audit_checkpoints order by number')).map((row) => row.document)).toEqual(await documents())
  const { lines, head } = await verifyAudit()
  expect(await trail()).toMatchObject({ isOutside: true, lines, wholeLines: lines, fault: null, checkpoint: { number: 3, lines, head } })
  expect(await verifyAudit()).toMatchObject({ ok: true, checkpoints: 3 })
  expect(await query(`select title from audit where act = 'audit.begin-trail'`)).toEqual([{ title: (await trail()).place }])
})

describe('an alarm says what differs and when it was last intact, and nothing more is signed, when', () => {
  const alarm = async (watch: AuditWatch) => {
    const before = await documents().catch(() => [])
    await write(2)
    await watch.look()
    expect(await documents().catch(() => [])).toEqual(before)
    const { breach, breachSince } = await trail()
    expect(breachSince).not.toBeNull()
    return breach!
  }

  test('one line was changed', async () => {
    const watch = await begin()
    await asSuperuser("update audit set title = 'other' where seq = 3")
    expect(await alarm(watch)).toEqual({ because: 'Line 3 was changed after it was written.', line: 3, intactAt: expect.any(String) })
  })

  test('the end of the log was deleted', async () => {
    const watch = await begin()
    await asSuperuser('delete from audit where seq > 7')
    await watch.look()
    expect((await trail()).breach).toMatchObject({
      because: expect.stringMatching(/^The log ends at line 7: lines 8 to 13, signed .*, are missing\.$/),
      line: 8,
    })
    // Others go on writing over it.
    expect(await alarm(watch)).toMatchObject({ because: expect.stringContaining('missing') })
    await write(20)
    expect((await alarm(watching())).because).toMatch(
      /^The log was written anew: lines 5 to 9 are not those that checkpoint 2 was signed over/,
    )
  })

  test('every hash was made to fit what was changed, seen by the worker that signed and by one that has just started', async () => {
    const watch = await begin()
    await rewriteFrom(7)
    expect(await verifyAudit()).toMatchObject({
      ok: false,
      because: expect.stringContaining('lines 5 to 9 are not those that checkpoint 2'),
    })
    for (const one of [watch, watching()])
      expect((await alarm(one)).because).toMatch(
        /^The log was written anew: lines 5 to 9 are not those that checkpoint 2 was signed over .*, though each follows the one before it\. The first 4 are still those signed/,
      )
  })

  test('the copies in the database were removed with it, or replaced', async () => {
    const watch = await begin()
    await rewriteFrom(7)
    await asSuperuser('truncate audit_checkpoints')
    expect(await verifyAudit()).toMatchObject({ ok: true })
    expect((await alarm(watch)).because).toMatch(/copies of checkpoints 1 to 3 were removed/)
    const [first] = await documents()
    await asSuperuser(
      `insert into audit_checkpoints (trail, number, at, place, lines, head, document)
       select id, n, now(), 'x', n, 'x', '${first}' from audit_trails, generate_series(1, 3) n`,
    )
    expect((await alarm(watching())).because).toMatch(/copy of checkpoint 2 is not the one in .*: it was replaced/)
  })

  test('a checkpoint in the file was replaced, or its end was cut off', async () => {
    await begin()
    const [first, second, third] = (await documents()) as [string, string, string]
    await writeFile(path, `${[first, second.replace('"lines":9', '"lines":8'), third].join('\n')}\n`)
    expect((await alarm(watching())).because).toMatch(/^Checkpoint 2 was changed after it was signed/)
    await writeFile(path, `${[first, third].join('\n')}\n`)
    expect((await alarm(watching())).because).toMatch(/^Checkpoint 2 is missing/)
    await writeFile(path, `${[first, second].join('\n')}\n`)
    expect((await alarm(watching())).because).toMatch(/^Checkpoint 3, of which the database has a copy, is missing from/)
  })

  test('the signing key was replaced by one of somebody who can write the database', async () => {
    const watch = await begin()
    const theirs = makeCertificateKeys()
    const { rows } = await getPool().query("select value from settings where name = 'certificate-key'")
    const replace = (sealed: string) =>
      query("update settings set value = $1 where name = 'certificate-key'", [{ publicKey: theirs.publicKey, sealedPrivateKey: sealed }])
    await replace(closeBox(vault.publicKey, theirs.privateKey, 'certificate-key'))
    expect((await alarm(watch)).because).toContain('somebody replaced it')
    await replace(rows[0].value.sealedPrivateKey)
    expect((await alarm(watching())).because).toContain('somebody replaced it')
    // With the vault's key it could be closed as the console's own are; the file still knows which one signed.
    await replace(vault.seal(theirs.privateKey, 'certificate-key'))
    expect((await alarm(watch)).because).toContain('signing key is another one')
    await query("update settings set value = $1 where name = 'certificate-key'", [rows[0].value])
  })
})

test('an alarm ends once the log is again what was signed, not before every line was read', async () => {
  const watch = await begin()
  const [{ title }] = await query('select title from audit where seq = 3')
  await asSuperuser("update audit set title = 'other' where seq = 3")
  await watch.look()
  await asSuperuser(`update audit set title = '${title}' where seq = 3`)
  const slowly = watching({ pace: { ...pace, wholeLines: 5 } })
  // Batches end with the table, so a piece is at least one.
  await slowly.look()
  expect((await trail()).breach).toBeNull()
  await write(1)
  await watch.look()
  expect((await trail()).checkpoint!.number).toBe(4)
})

test('without a file the copies in the database are signed and held against the log, and a worker remembers those it has read', async () => {
  const watch = watching({ store: databaseStore() })
  for (const _ of [1, 2]) {
    await write(4)
    await watch.look()
  }
  expect(await trail()).toMatchObject({ isOutside: false, breach: null, checkpoint: { number: 2 } })
  await rewriteFrom(3)
  await watching({ store: databaseStore(), holder: 'w1' }).look()
  expect((await trail()).breach!.because).toContain('written anew')
  await asSuperuser('truncate audit_checkpoints')
  await watch.look()
  expect((await trail()).breach!.because).toMatch(/^Checkpoint 2 in database is gone/)
})

test('a file that cannot be written is a fault with its reason, and signing goes on once it can be', async () => {
  await write(2)
  path = join(folder, 'none', 'checkpoints.jsonl')
  const watch = watching()
  await watch.look()
  expect((await trail()).fault).toMatch(/^AUDIT_FILE .*none.* cannot be written: ENOENT/)
  path = join(folder, 'open.jsonl')
  await begin()
  await chmod(path, 0o666)
  await watching().look()
  expect(await trail()).toMatchObject({ fault: expect.stringContaining('mode 666'), breach: null })
  await chmod(path, 0o600)
  await write(1)
  await watching().look()
  expect(await trail()).toMatchObject({ fault: null, checkpoint: { number: 4 } })
})

test('a line that was cut short when the machine went down is no checkpoint, and the next one stands in its place', async () => {
  const watch = await begin()
  await writeFile(path, '{"checkpoint":{"at"', { flag: 'a' })
  await write(1)
  await watch.look()
  expect(await documents()).toHaveLength(4)
  await watching().look()
  expect((await trail()).breach).toBeNull()
})

test('a file that was moved away begins a new trail, which the audit log tells', async () => {
  const watch = await begin()
  const before = await trail()
  await rename(path, `${path}.old`)
  await watch.look()
  expect(await documents()).toHaveLength(1)
  expect(await trail()).toMatchObject({ place: before.place, breach: null, checkpoint: { number: 1 } })
  expect(
    await query(`select detail->>'replaced' as replaced from audit where act = 'audit.begin-trail' order by seq desc limit 1`),
  ).toEqual([{ replaced: before.id }])
  expect(await verifyAudit()).toMatchObject({ ok: true, checkpoints: 4 })
})

test('of several workers on one file one looks after it, and another one does when it stops', async () => {
  const first = await begin()
  const second = watching({ holder: 'w2' })
  await write(1)
  await second.look()
  expect(await documents()).toHaveLength(3)
  await first.stop()
  await second.look()
  expect(await documents()).toHaveLength(4)
  await Promise.all([first, second, watching({ holder: 'w3' })].map((watch) => watch.look()))
  expect((await trail()).breach).toBeNull()
})
