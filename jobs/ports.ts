import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { makeZoneSource } from '@/db/fleet/dns-names'
import { makeInventoryAct } from '@/db/fleet/herd-members'
import { makeInventory } from '@/db/fleet/inventory'
import { certificateKeys } from '@/db/keys/certificate-key'
import { consolePrivateKey } from '@/db/keys/console-keys'
import { keepPiece } from '@/db/runs/canary-strips'
import { makeCanary } from '@/lib/adapters/canary'
import { makeClusters } from '@/lib/adapters/clusters'
import { makeCopies } from '@/lib/adapters/copies'
import { makeNames } from '@/lib/adapters/dns'
import { type Hosts, makeHosts } from '@/lib/adapters/hosts'
import { makeHostWork } from '@/lib/adapters/hosts/host-work'
import { makePoolers } from '@/lib/adapters/poolers'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { env } from '@/lib/env'
import { type CertificateKeys, makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { ActPorts } from '@/lib/ports'

export interface WorkerPorts {
  ports: ActPorts
  /** Beyond what operations see: the facts of a host, for the observer. */
  hosts: Hosts
  /** The public half of the vault's key, for web processes to close secrets with. */
  sealingKey: string
  /** What certificates are signed with; made at the first use. */
  certificateKeys: () => Promise<CertificateKeys>
  /** Ends every connection to a host. */
  close: () => Promise<void>
}

/** The worker's composition root: the real world, reached with the console's own keys. Throws `input.invalid` without VAULT_KEY. Connects to nothing yet. */
export const makeActPorts = (): WorkerPorts => {
  const { VAULT_KEY } = env()
  if (!VAULT_KEY)
    throw new Fault('input.invalid', {
      because: 'VAULT_KEY is not set. A worker needs it to open the console’s SSH keys; make one with: openssl rand -base64 32',
    })
  const vault = makeVault(VAULT_KEY)
  const ssh = openSsh({
    keyFor: remembered((environmentId) => consolePrivateKey(environmentId, vault, () => makeSshKey('matriarch'))),
  })
  const hosts = makeHosts(ssh)
  const clusters = makeClusters(ssh)
  const postgres = makePostgres(ssh)
  const poolers = makePoolers(ssh)
  const work = makeHostWork(ssh)
  const copies = makeCopies(ssh, work)
  // The strip is a picture: while the database is away there is none, and the canary goes on.
  const canary = makeCanary(ssh, join(tmpdir(), `matriarch-canary-${userInfo().uid}`), (...piece) => keepPiece(...piece).catch(() => {}))
  const names = makeNames(makeZoneSource(vault))
  return {
    ports: {
      inventory: makeInventory(),
      inventoryAct: makeInventoryAct(),
      hosts: hosts.read,
      hostsAct: hosts.act,
      work: work.read,
      workAct: work.act,
      clusters: clusters.read,
      clustersAct: clusters.act,
      postgres: postgres.read,
      postgresAct: postgres.act,
      replication: postgres.replication.read,
      replicationAct: postgres.replication.act,
      copies: copies.read,
      copiesAct: copies.act,
      canary: canary.read,
      canaryAct: canary.act,
      poolers: poolers.read,
      poolersAct: poolers.act,
      names: names.read,
      namesAct: names.act,
      now: () => new Date(),
    },
    hosts,
    sealingKey: vault.publicKey,
    certificateKeys: () => certificateKeys(vault, makeCertificateKeys),
    close: async () => {
      await canary.close()
      postgres.close()
      poolers.close()
      await ssh.close()
    },
  }
}

/** The hosts stay within reach while the console's own database is away: then, and only then, the key that was read last is used. */
const remembered = (read: (environmentId: string) => Promise<string>): ((environmentId: string) => Promise<string>) => {
  const keys = new Map<string, string>()
  return async (environmentId) => {
    try {
      const key = await read(environmentId)
      keys.set(environmentId, key)
      return key
    } catch (error) {
      const key = keys.get(environmentId)
      if (key === undefined || !isFault(error, 'database.down')) throw error
      return key
    }
  }
}
