import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd } from '@/e2e/harness/daemons/sshd'
import { freePort } from '@/e2e/harness/free-port'
import { makeClusters } from '@/lib/adapters/clusters'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import type { InstanceAddress } from '@/lib/ports'
import { faultOf } from './caught'
import { clustersContract } from './clusters-contract'

const newestMajor = () => Math.max(...readdirSync('/usr/lib/postgresql').map(Number)).toString()

/** Directories on hosts without Debian's tools; what Debian's do is proven on the lab's hosts. */
clustersContract('over SSH', async () => {
  const [sshd, neighbour] = await Promise.all([startSshd(), startSshd()])
  const keyFor = async (environmentId: string) => (environmentId === 'next' ? neighbour : sshd).privateKey
  const ssh = openSsh({ keyFor, backOffMs: 100, backOffMaxMs: 500, keepaliveIntervalMs: 1000 })
  const clusters = makeClusters(ssh)
  const postgres = makePostgres(ssh)
  const major = newestMajor()
  const bin = `/usr/lib/postgresql/${major}/bin`
  const placeOf = async (name: string): Promise<InstanceAddress> => ({
    instanceId: name,
    herdId: 'herd',
    host: sshd.host(),
    clusterName: name,
    major,
    port: await freePort(),
    dataDirectory: join(sshd.folder, name),
    socketDirectory: sshd.folder,
    profile: 'generic',
    binDirectory: bin,
  })
  const shim = join(sshd.folder, 'shim')
  await runAsOwner(
    sshd,
    `mkdir "$1"; printf '%s\\n' '#!/bin/sh' 'mkdir -p "$2/base"; echo 0 >"$2/PG_VERSION"; exit 1' >"$1/initdb"; chmod 755 "$1/initdb"`,
    shim,
  )
  return {
    ports: { read: { clusters: clusters.read, postgres: postgres.read }, act: { clusters: clusters.act, postgres: postgres.act } },
    place: await placeOf('fresh'),
    other: await placeOf('other'),
    neighbour: neighbour.host({ environmentId: 'next' }),
    settings: { unix_socket_directories: sshd.folder, listen_addresses: '127.0.0.1', shared_buffers: '8MB', fsync: 'off' },
    makeDirectory: async ({ dataDirectory }) => void (await runAsOwner(sshd, 'mkdir -m 700 "$1"', dataDirectory)),
    halfMake: async (instance, spec) =>
      void (await faultOf(clusters.act.make({ ...instance, binDirectory: shim }, spec, { timeoutMs: 60_000 }))),
    cutOff: async () => {
      await sshd.kill()
      return async () => void (await sshd.restart())
    },
    stop: async () => {
      postgres.close()
      await ssh.close()
      await Promise.all([sshd.stop(), neighbour.stop()])
    },
  }
})
