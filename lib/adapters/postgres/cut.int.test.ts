import { chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { freePort } from '@/e2e/harness/free-port'
import { faultOf } from '../contract/caught'
import { openSsh, type Ssh } from '../ssh'
import { deadlineIn } from '../ssh/deadline'
import { connectPg, socketPathOf } from './connection'

let sshd: TestSshd
let ssh: Ssh
beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
})
afterAll(async () => {
  await ssh.close()
  await sshd.stop()
})

test('a session that is cut without a word, as a proxy does to those of a server that it takes out, is known to be lost at once', async () => {
  const place = { host: sshd.host(), socketDirectory: sshd.folder, port: await freePort() }
  const cutting = createServer((socket) => socket.once('data', () => socket.end()))
  await new Promise<void>((resolve) => cutting.listen(socketPathOf(place), resolve))
  chmodSync(socketPathOf(place), 0o777)
  try {
    const asked = connectPg(ssh, place, { database: 'postgres', isReadOnly: true, statementTimeoutMs: 1_000 }, deadlineIn(20_000))
    expect(await faultOf(asked)).toMatchObject({ code: 'sql.unreachable' })
  } finally {
    cutting.close()
  }
})
