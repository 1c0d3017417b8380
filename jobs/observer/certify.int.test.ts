import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { certificateKeys, certificatePublicKey } from '@/db/keys/certificate-key'
import { getPool } from '@/db/pg/client'
import { getRecord } from '@/db/records/records'
import { certificateDocument, uncertifiedJobs } from '@/db/runs/certificates'
import { runAndWait } from '@/e2e/harness/submit'
import { actorIn } from '@/e2e/harness/two-territories'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { makeVault } from '@/lib/adapters/vault'
import { main } from '@/lib/cli/main'
import { checkCertificate, keyIdOf, makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { operationByName } from '@/lib/operations'
import { moves } from '@/lib/operations/evidence'
import { certificate } from '@/lib/resources/certificate'
import { startWorker, type WorkerHandle } from '../driver/start-worker'
import { certifyOnce } from './certify'

const vault = makeVault(Buffer.alloc(32, 7).toString('base64'))
const keys = () => certificateKeys(vault, makeCertificateKeys)
const herdId = idOf('prod/shop')
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
let bench: Bench
let worker: WorkerHandle
let folder: string
let jobId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcert-'))
  bench = await openBench([{ environment: 'prod', name: 'shop', hosts: ['a', 'b', 'c'] }], 'postgres')
  const place = { databaseUrl: bench.postgres.connectionString }
  worker = await startWorker({ place, ports: bench.served.fleet, operationByName, log: quiet, slots: 2, sweepEveryMs: 500 })
  const run = await runAndWait({ operation: 'failover', targets: [herdId] })
  expect(run.state).toBe('done')
  jobId = run.jobs[0]!.id
})
afterAll(async () => {
  await worker?.stop()
  await bench?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a job that moved a primary gets one certificate, however many workers issue it, signed by the console’s key', async () => {
  await Promise.all([1, 2, 3].map(() => certifyOnce({ keys, log: quiet })))
  const { rows } = await getPool().query('select id, verdict, title, key_id from certificates')
  const publicKey = (await certificatePublicKey())!
  expect(rows).toEqual([{ id: jobId, verdict: 'proven', title: 'shop', key_id: keyIdOf(publicKey) }])
  const document = (await certificateDocument(jobId))!
  expect(checkCertificate(Buffer.from(document), keyIdOf(publicKey))).toMatchObject({
    isValid: true,
    isKnownKey: true,
    certificate: { evidence: { jobId, herd: 'shop', mode: 'planned', by: 'matriarch' }, verdict: { kind: 'proven' } },
  })
})

test('the private key lies sealed in the database, and every worker finds the same one', async () => {
  const both = await Promise.all([keys(), keys()])
  expect(both[0]).toEqual(both[1])
  const { rows } = await getPool().query(`select value::text as text from settings where name = 'certificate-key'`)
  expect(rows[0].text).not.toContain('PRIVATE')
  expect(rows[0].text).not.toContain(both[0].privateKey.split('\n')[1])
})

test('a certificate is visible to everybody who may see its environment, and to nobody else', async () => {
  expect((await getRecord(actorIn('viewer', idOf('prod')), certificate, jobId)).title).toBe('shop')
  await expect(getRecord(actorIn('admin', idOf('dev')), certificate, jobId)).rejects.toMatchObject({ code: 'record.missing' })
})

test('the command line verifies the file without the console: 0 for proven, 1 for a changed byte or another key, 3 for what is not proven', async () => {
  const out: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out.push(String(text))
    return true
  })
  try {
    const document = (await certificateDocument(jobId))!
    const put = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const good = put('good.json', document)
    const publicKey = (await certificatePublicKey())!
    expect(await main(['verify', good, '--key', keyIdOf(publicKey)])).toBe(0)
    expect(await main(['verify', good, '--key', put('key.pem', publicKey)])).toBe(0)
    expect(out.join('')).toContain('verdict: proven')
    expect(await main(['verify', good])).toBe(8)
    expect(out.join('')).toContain('The owner of that key was not verified')
    expect(await main(['verify', good, '--key', keyIdOf(makeCertificateKeys().publicKey)])).toBe(1)
    expect(await main(['verify', put('changed.json', document.replace('"herd":"shop"', '"herd":"shoq"'))])).toBe(1)
    expect(await main(['verify', put('verdict.json', document.replace('"kind":"proven"', '"kind":"not-provable"'))])).toBe(1)
  } finally {
    write.mockRestore()
  }
})

test('a switchover that was taken back after its candidate was told to promote, and provably never did, is not waited for: nothing was moved', async () => {
  const { fleet } = bench.served
  fleet.calls.interfere = ({ act }) => (act === 'take over' ? { how: 'fail' } : undefined)
  const run = await runAndWait({ operation: 'switchover', targets: [herdId], input: { canary: false, stopSeconds: 5, waitSeconds: 5 } })
  fleet.calls.interfere = () => undefined
  expect(run.jobs[0]).toMatchObject({ state: 'undone', because: expect.stringContaining('It was never primary') })
  expect(await uncertifiedJobs([{ operation: 'switchover', ...moves.switchover!.from }])).toEqual([])
  await certifyOnce({ keys, log: quiet })
  expect((await getPool().query('select id from certificates')).rows).toEqual([{ id: jobId }])
})
