import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { runAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { freePort } from '@/e2e/harness/free-port'
import { makeHosts } from '@/lib/adapters/hosts'
import { openSsh } from '@/lib/adapters/ssh'
import { until } from '@/lib/playground/machine/processes'
import { hostsContract } from './hosts-contract'

hostsContract('over SSH', async () => {
  const sshd = await startSshd()
  const ssh = openSsh({ keyFor: async () => sshd.privateKey, backOffMs: 10, backOffMaxMs: 100 })
  const { read, act } = makeHosts(ssh)
  const folder = join(sshd.folder, 'work')
  await runAsOwner(sshd, 'mkdir "$1"', folder)
  const keys = join(sshd.folder, 'authorized_keys')
  let count = 0
  return {
    ports: { read: { hosts: read }, act: { hosts: act } },
    host: sshd.host(),
    profile: 'debian',
    folder,
    // What started it is its own session's daemon.
    losing: (path) => ['sh', '-c', 'mkdir "$1"; kill -s KILL "$PPID"; exec sleep 300', 'sh', path],
    endless: () => {
      count += 1
      const mark = join(folder, `begun-${count}`)
      return {
        argv: ['sh', '-c', 'touch "$1"; exec sleep 300', 'sh', mark],
        begun: () => until('the command to run', () => existsSync(mark), { timeoutMs: 20_000, everyMs: 10 }),
      }
    },
    nowhere: sshd.host({ serverId: 'nowhere', port: await freePort() }),
    refuseKey: async () => {
      renameSync(keys, `${keys}.away`)
      await sshd.restart()
      return async () => renameSync(`${keys}.away`, keys)
    },
    freeze: async () => {
      const goOn = await sshd.freeze()
      return async () => goOn()
    },
    cutOff: async () => {
      await sshd.kill()
      return async () => void (await sshd.restart())
    },
    stop: async () => {
      await ssh.close()
      await sshd.stop()
    },
  }
})
