import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certify, makeAuthority } from '@/e2e/harness/daemons/authority'
import { startSyslog, type TestSyslog } from '@/e2e/harness/daemons/rsyslog'
import { makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { beforeFirst, checkpointVersion, readCheckpoint, signCheckpoint } from '@/lib/kernel/ground/checkpoint'
import { makeSyslog } from './syslog'

let syslog: TestSyslog
let folder: string
beforeAll(async () => {
  syslog = await startSyslog()
  folder = mkdtempSync(join(tmpdir(), 'matriarch-syslog-'))
})
afterAll(async () => {
  await syslog?.stop().catch(() => {})
  rmSync(folder, { recursive: true, force: true })
})

const document = signCheckpoint(
  {
    version: checkpointVersion,
    trail: crypto.randomUUID(),
    number: 1,
    at: new Date().toISOString(),
    lines: 9_999_999,
    head: 'f'.repeat(64),
    previous: beforeFirst,
  },
  makeCertificateKeys(),
)
const soon = () => AbortSignal.timeout(5_000)

test('a syslog daemon gets checkpoints and alarms whole, over UDP, TCP and its local socket', async () => {
  const [udp, tcp, unix] = [`udp://127.0.0.1:${syslog.udpPort}`, `tcp://127.0.0.1:${syslog.tcpPort}`, `unix://${syslog.socket}`]
  for (const address of [udp, tcp, unix]) {
    await makeSyslog(address).send('checkpoint', document, soon())
    await makeSyslog(address).send('alarm', '{"because":"Line 3 was changed — über Nacht."}', soon())
  }
  const lines = await syslog.lines(6)
  const [documents, alarms] = [lines.filter(({ text }) => text.includes('signature')), lines.filter(({ text }) => text.includes('because'))]
  expect(documents.map(({ text }) => readCheckpoint(text.replace(/^checkpoint /, ''))?.lines)).toEqual([9_999_999, 9_999_999, 9_999_999])
  expect(alarms.map(({ text }) => text.replace(/^alarm /, ''))).toEqual(Array(3).fill('{"because":"Line 3 was changed — über Nacht."}'))
  expect(lines.map(({ priority, kind }) => `${priority} ${kind}`).sort()).toEqual([
    '105 alarm',
    '105 alarm',
    '109 checkpoint',
    '109 checkpoint',
    '81 -',
    '85 -',
  ])
})

test('over TLS it goes only to a server that the authority vouches for', async () => {
  makeAuthority(folder, 'authority')
  certify(folder, 'authority', { name: 'server', commonName: 'localhost', extension: 'subjectAltName=DNS:localhost' })
  const file = (name: string) => readFileSync(join(folder, name), 'utf8')
  let taken = ''
  const server = createServer({ key: file('server.key'), cert: file('server.pem') }, (socket) => {
    socket.on('data', (piece) => {
      taken += piece
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `tls://localhost:${(server.address() as AddressInfo).port}`
  await makeSyslog(address, file('authority.pem')).send('checkpoint', document, soon())
  const [, length, message] = /^(\d+) (<109>1 .*)$/.exec(taken)!
  expect(Buffer.byteLength(message!)).toBe(Number(length))
  await expect(makeSyslog(address).send('checkpoint', document, soon())).rejects.toThrow(`AUDIT_SYSLOG ${address} did not take it`)
  await new Promise((resolve) => server.close(resolve))
})

test('a daemon that is gone is named as one that did not take it', async () => {
  await syslog.stop()
  for (const address of [`tcp://127.0.0.1:${syslog.tcpPort}`, `unix://${syslog.socket}`])
    await expect(makeSyslog(address).send('checkpoint', document, soon())).rejects.toThrow(`AUDIT_SYSLOG ${address} did not take it`)
})
