import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { until } from '@/lib/playground/machine/processes'
import { openSsh } from './index'

const quick = { timeoutMs: 20_000 }
let sshd: TestSshd
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd?.stop())

test('a connection that is dropped as dead is reset: what was not sent yet never arrives once the network is back', async () => {
  const ends: string[] = []
  const halves: Socket[] = []
  const network = createServer((inside) => {
    const outside = connect(sshd.host().port, '127.0.0.1')
    halves.push(inside, outside)
    inside.on('error', ({ code }: NodeJS.ErrnoException) => ends.push(code ?? 'error')).on('end', () => ends.push('end'))
    outside.on('error', () => undefined)
    inside.pipe(outside).pipe(inside)
  })
  await new Promise<void>((resolve) => network.listen(0, '127.0.0.1', resolve))
  const { port } = network.address() as { port: number }
  const ssh = openSsh({ keyFor: async () => sshd.privateKey, keepaliveIntervalMs: 100, keepaliveCountMax: 2 })
  try {
    await ssh.exec(sshd.host({ port }), ['true'], quick)
    for (const half of halves) half.unpipe().pause()
    await until('the connection to be given up', () => ssh.counts().connections === 0, quick)
    for (const half of halves) half.resume()
    await until('the host to hear of it', () => ends.length > 0, quick)
    expect(ends).toEqual(['ECONNRESET'])
  } finally {
    await ssh.close()
    for (const half of halves) half.destroy()
    network.close()
  }
})
