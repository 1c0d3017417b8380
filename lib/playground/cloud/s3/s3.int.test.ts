import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awscli, codeOf } from '@/e2e/harness/aws/awscli'
import { makeCertificates } from '@/lib/playground/services/certificates'
import { Identities } from '../identity'
import { type RunningS3, startS3 } from '.'

const region = 'eu-west-1'
const host = 's3.localhost'
const folder = mkdtempSync(join(tmpdir(), 'matriarch-s3-'))
const identities = new Identities('123456789012', Date.now)
const user = identities.addUser('backups')
const run = promisify(execFile)
let certificates: Awaited<ReturnType<typeof makeCertificates>>
let s3: RunningS3

const start = (bytesMax = 64 * 2 ** 20) =>
  startS3({
    folder: join(folder, 'objects'),
    ...{ buckets: ['shop'], identities, host, bytesMax },
    tls: { key: readFileSync(certificates.keyFile, 'utf8'), cert: readFileSync(certificates.certificateFile, 'utf8') },
  })

beforeAll(async () => {
  certificates = await makeCertificates(join(folder, 'tls'), { ips: ['127.0.0.1'], dns: ['localhost', host, `shop.${host}`] })
  s3 = await start()
})
afterAll(async () => {
  await s3.stop()
  rmSync(folder, { recursive: true })
})

/** Debian’s pgBackRest, of whose own files nothing is kept but what it puts there. Keys go by its environment. */
const pgbackrest = async (args: string[], { keys = user, style = 'path', input = '' } = {}) => {
  const storage = [`--repo1-storage-host=localhost`, `--repo1-storage-port=${s3.port}`, `--repo1-storage-ca-file=${certificates.caFile}`]
  const repo = [
    '--repo1-type=s3',
    '--repo1-path=/prod',
    '--repo1-s3-bucket=shop',
    `--repo1-s3-region=${region}`,
    `--repo1-s3-endpoint=${host}`,
  ]
  const command = run(
    '/usr/bin/pgbackrest',
    ['--no-config', '--log-level-file=off', '--io-timeout=1', ...repo, ...storage, `--repo1-s3-uri-style=${style}`, ...args],
    {
      env: { NODE_ENV: 'test', PGBACKREST_REPO1_S3_KEY: keys.accessKeyId, PGBACKREST_REPO1_S3_KEY_SECRET: keys.secretAccessKey },
      maxBuffer: 2 ** 26,
    },
  )
  command.child.stdin!.end(input)
  return (await command).stdout
}
const aws = (args: string[]) =>
  awscli({ endpoint: `https://127.0.0.1:${s3.port}`, region }, user, ['--ca-bundle', certificates.caFile, 's3api', ...args])

test('pgBackRest puts, lists, reads and removes over TLS, by path and by host name, small and in parts; and what was put outlives the server', async () => {
  const large = 'x'.repeat(12 * 2 ** 20)
  await pgbackrest(['repo-put', 'a & b+ü.txt'], { input: 'one' })
  await pgbackrest(['repo-put', 'deep/large'], { input: large, style: 'host' })
  expect((await pgbackrest(['repo-ls', '--recurse'])).trim().split('\n')).toEqual(['a & b+ü.txt', 'deep', 'deep/large'])
  await s3.stop()
  s3 = await start()
  expect(await pgbackrest(['repo-get', 'a & b+ü.txt'], { style: 'host' })).toBe('one')
  expect((await pgbackrest(['repo-get', 'deep/large'])) === large).toBe(true)
  await pgbackrest(['repo-rm', '--recurse', 'deep'])
  expect((await pgbackrest(['repo-ls'])).trim()).toBe('a & b+ü.txt')
})

test('a list is paged, and wrong keys, a forbidden action, an unknown bucket and a full store are refused as S3 words it', async () => {
  for (const name of ['1', '2', '3']) await pgbackrest(['repo-put', `page/${name}`], { input: name })
  const listed = (await aws(['list-objects-v2', '--bucket', 'shop', '--prefix', 'prod/page/', '--page-size', '2'])) as {
    Contents: { Key: string }[]
  }
  expect(listed.Contents.map(({ Key }) => Key)).toEqual(['prod/page/1', 'prod/page/2', 'prod/page/3'])
  expect(await codeOf(aws(['list-objects-v2', '--bucket', 'other']))).toBe('NoSuchBucket')
  await expect(pgbackrest(['repo-ls'], { keys: { ...user, secretAccessKey: 'wrong' } })).rejects.toThrow(/403 \(Forbidden\)/)
  user.denied.add('s3:DeleteObject')
  await expect(pgbackrest(['repo-rm', 'page/1'])).rejects.toThrow(/Forbidden/)
  user.denied.clear()
  await s3.stop()
  s3 = await start(10)
  await expect(pgbackrest(['repo-put', 'more'], { input: 'x'.repeat(100) })).rejects.toThrow(/Insufficient Storage/)
})
