import { readFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { makeZoneSource } from '@/db/fleet/dns-names'
import { makeEndpointPasswords } from '@/db/fleet/endpoints'
import { makeInventoryAct } from '@/db/fleet/herd-members'
import { makeInventory } from '@/db/fleet/inventory'
import { mustBeNewMachine, recogniseMachine } from '@/db/fleet/machine-identity'
import { type CloudAccountSource, makeCloudAccountSource } from '@/db/fleet/machines'
import { certificateKeys } from '@/db/keys/certificate-key'
import { consolePrivateKey, ensureConsoleKeys, purposeOf } from '@/db/keys/console-keys'
import { hostsToTry, makeNextKeys, markAccepted } from '@/db/keys/key-rotation'
import { type DestinationSource, makeDestinationSource } from '@/db/notifications/destinations'
import { secretPurpose } from '@/db/records/sealing-key'
import { keepPiece } from '@/db/runs/canary-strips'
import { withLaunchKeys } from '@/db/stacks/launch-keys'
import { makeStackStore } from '@/db/stacks/store'
import { databaseStore } from '@/db/trail/trails'
import { makeCheckpointFile } from '@/lib/adapters/audit/file'
import { makeSyslog } from '@/lib/adapters/audit/syslog'
import { makeMachines } from '@/lib/adapters/aws'
import { makeCloud } from '@/lib/adapters/aws/cloud'
import { makeEndpoints } from '@/lib/adapters/aws/endpoints'
import { makeLaunches } from '@/lib/adapters/aws/launches'
import { makePrices } from '@/lib/adapters/aws/prices'
import { makeRds } from '@/lib/adapters/aws/rds'
import { makeNames } from '@/lib/adapters/dns'
import { makeFeeds } from '@/lib/adapters/feeds'
import { makeMessages } from '@/lib/adapters/messages'
import { makePortsOverSsh, type PortsOverSsh } from '@/lib/adapters/over-ssh'
import { makeScripts } from '@/lib/adapters/scripts'
import { openSsh } from '@/lib/adapters/ssh'
import { describe, makeAuthority, makeServerCertificate, newSecret } from '@/lib/adapters/stacks/keys'
import { scramVerifier } from '@/lib/adapters/stacks/verifier'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { env } from '@/lib/env'
import { type CertificateKeys, makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { RdsRead } from '@/lib/ports'
import type { CheckpointSink, CheckpointStore } from '@/lib/ports/audit-places'
import type { MachinesRead } from '@/lib/ports/machines'
import type { Messages } from '@/lib/ports/messages'
import type { PriceFeeds, PricesRead } from '@/lib/ports/prices'

export interface WorkerPorts extends PortsOverSsh {
  /** The public half of the vault's key, for web processes to close secrets with. */
  sealingKey: string
  /** What certificates are signed with; made at the first use. */
  certificateKeys: () => Promise<CertificateKeys>
  messages: Messages
  destinationOf: DestinationSource
  machines: MachinesRead
  rds: RdsRead
  cloudAccountOf: CloudAccountSource
  prices: PricesRead
  feedsAt: (endpoint: string | null) => PriceFeeds
  /** Where signed checkpoints of the audit log are kept, and sent besides. */
  checkpoints: { store: CheckpointStore; sink: CheckpointSink | null }
  /** Makes the SSH key of each environment that has none yet, and those that are to replace one; finds out which hosts accept the latter. */
  ensureKeys: () => Promise<void>
  /** Ends every connection to a host. */
  close: () => Promise<void>
}

const tryKeyMs = 3000
const keyMaker = { newSecret, makeAuthority, makeServerCertificate, describe }
const triesAtOnce = 8

/**
 * The worker's composition root: the real adapters, with the console's own keys. `carrier`: the command of a process that copies go through. Throws
 * `input.invalid` without VAULT_KEY. Connects to nothing yet.
 */
export const makeActPorts = (carrier: readonly string[]): WorkerPorts => {
  const { VAULT_KEY, VAULT_KEY_OTHER, RDS_CA_FILE, HOOKS_DIRECTORY } = env()
  if (!VAULT_KEY)
    throw new Fault('input.invalid', {
      because: 'VAULT_KEY is not set. A worker needs it to open the console’s SSH keys; make one with: openssl rand -base64 32',
    })
  const vault = makeVault(VAULT_KEY, VAULT_KEY_OTHER)
  const newKey = () => makeSshKey('matriarch')
  const machineOf = remembered(recogniseMachine)
  const ssh = openSsh({
    keyFor: remembered((environmentId) => consolePrivateKey(environmentId, vault, newKey)),
    recognise: async ({ serverId, hostname }, machineId) => {
      if (serverId === '') return mustBeNewMachine(hostname, machineId)
      if ((await machineOf(serverId, machineId)) !== machineId) throw new Fault('shell.machine-changed', { isOver: true })
    },
  })
  const inventory = makeInventory()
  const tryNextKeys = async () => {
    const hosts = (await hostsToTry()).values()
    const tryInTurn = async () => {
      for (const { serverId, keyId, environmentId, sealedPrivateKey } of hosts) {
        const privateKey = vault.open(sealedPrivateKey, purposeOf(environmentId))
        const { address } = await inventory.server(serverId)
        // A host that does not answer is tried again with the next round.
        if (await ssh.accepts(address, privateKey, { timeoutMs: tryKeyMs }).catch(() => false)) await markAccepted(serverId, keyId)
      }
    }
    await Promise.all(Array.from({ length: triesAtOnce }, tryInTurn))
  }
  const names = makeNames(makeZoneSource(vault))
  const machines = makeMachines()
  const rds = makeRds()
  const prices = makePrices()
  const cloudAccountOf = makeCloudAccountSource(vault)
  const launches = makeLaunches()
  const cloud = makeCloud(machines, rds, launches, async (id) => (await cloudAccountOf(id)).settings)
  const { ports, hosts, close } = makePortsOverSsh(ssh, {
    read: { inventory, names: names.read, cloud: cloud.read },
    act: { inventory: makeInventoryAct(), names: names.act, cloud: cloud.act },
    endpoints: makeEndpoints(rds, {
      ca: RDS_CA_FILE ? readFileSync(RDS_CA_FILE, 'utf8') : null,
      passwordOf: makeEndpointPasswords(vault),
      machineOf: inventory.serverMachine,
      accountOf: async (id) => (await cloudAccountOf(id)).settings,
    }),
    scripts: makeScripts(HOOKS_DIRECTORY ?? null),
    stacks: withLaunchKeys(makeStackStore(vault, keyMaker, inventory), vault, {
      ...keyMaker,
      verifierOf: scramVerifier,
      passwordPurpose: secretPurpose('blueprint', 'sealedAdminPassword'),
    }),
    carrier,
    canaryFolder: join(tmpdir(), `matriarch-canary-${userInfo().uid}`),
    // The strip is a picture: while the database is away there is none, and the canary goes on.
    showStrip: (...piece) => keepPiece(...piece).catch(() => {}),
  })
  return {
    ports,
    hosts,
    sealingKey: vault.publicKey,
    certificateKeys: () => certificateKeys(vault, makeCertificateKeys),
    messages: makeMessages(messagesOptions()),
    destinationOf: makeDestinationSource(vault),
    machines,
    rds,
    cloudAccountOf,
    prices,
    feedsAt: makeFeeds,
    checkpoints: checkpointPlaces(),
    ensureKeys: async () => {
      await ensureConsoleKeys(vault, newKey)
      await makeNextKeys(vault, newKey, purposeOf)
      await tryNextKeys()
    },
    close: async () => {
      machines.close()
      rds.close()
      launches.close()
      prices.close()
      await close()
      await ssh.close()
    },
  }
}

const checkpointPlaces = (): WorkerPorts['checkpoints'] => {
  const { AUDIT_FILE, AUDIT_SYSLOG, MESSAGE_CA_FILE } = env()
  return {
    store: AUDIT_FILE ? makeCheckpointFile(AUDIT_FILE) : databaseStore(),
    sink: AUDIT_SYSLOG ? makeSyslog(AUDIT_SYSLOG, MESSAGE_CA_FILE ? readFileSync(MESSAGE_CA_FILE, 'utf8') : null) : null,
  }
}

const messagesOptions = () => {
  const { MESSAGE_NETWORKS, MESSAGE_CA_FILE, SMTP_URL, SMTP_USER, SMTP_PASSWORD, SMTP_FROM, SMTP_CRL_FILE } = env()
  const server = SMTP_URL ? new URL(SMTP_URL) : null
  const isTls = server?.protocol === 'smtps:'
  return {
    networks: MESSAGE_NETWORKS,
    ca: MESSAGE_CA_FILE ? readFileSync(MESSAGE_CA_FILE, 'utf8') : null,
    mail: server && {
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: Number(server.port) || (isTls ? 465 : 587),
      isTls,
      login: SMTP_USER && SMTP_PASSWORD ? { user: SMTP_USER, password: SMTP_PASSWORD } : null,
      from: SMTP_FROM!,
      crl: SMTP_CRL_FILE ? () => readFileSync(SMTP_CRL_FILE, 'utf8') : null,
    },
  }
}

/**
 * The hosts stay within reach while the console's own database is away: then, and only then, the answer is used that was read last, of an environment's key
 * or of a server's machine.
 */
const remembered = <More extends unknown[]>(
  read: (id: string, ...more: More) => Promise<string>,
): ((id: string, ...more: More) => Promise<string>) => {
  const answers = new Map<string, string>()
  return async (id, ...more) => {
    try {
      const answer = await read(id, ...more)
      answers.set(id, answer)
      return answer
    } catch (error) {
      const answer = answers.get(id)
      if (answer === undefined || !isFault(error, 'database.down')) throw error
      return answer
    }
  }
}
