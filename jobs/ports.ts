import { readFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { makeZoneSource } from '@/db/fleet/dns-names'
import { makeInventoryAct } from '@/db/fleet/herd-members'
import { makeInventory } from '@/db/fleet/inventory'
import { certificateKeys } from '@/db/keys/certificate-key'
import { consolePrivateKey } from '@/db/keys/console-keys'
import { type DestinationSource, makeDestinationSource } from '@/db/notifications/destinations'
import { keepPiece } from '@/db/runs/canary-strips'
import { makeNames } from '@/lib/adapters/dns'
import { makeMessages } from '@/lib/adapters/messages'
import { makePortsOverSsh, type PortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh } from '@/lib/adapters/ssh'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { env } from '@/lib/env'
import { type CertificateKeys, makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Messages } from '@/lib/ports/messages'

export interface WorkerPorts extends PortsOverSsh {
  /** The public half of the vault's key, for web processes to close secrets with. */
  sealingKey: string
  /** What certificates are signed with; made at the first use. */
  certificateKeys: () => Promise<CertificateKeys>
  messages: Messages
  destinationOf: DestinationSource
  /** Ends every connection to a host. */
  close: () => Promise<void>
}

/** The worker's composition root: the real adapters, with the console's own keys. Throws `input.invalid` without VAULT_KEY. Connects to nothing yet. */
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
  const names = makeNames(makeZoneSource(vault))
  const { ports, hosts, close } = makePortsOverSsh(ssh, {
    read: { inventory: makeInventory(), names: names.read },
    act: { inventory: makeInventoryAct(), names: names.act },
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
    close: async () => {
      await close()
      await ssh.close()
    },
  }
}

const messagesOptions = () => {
  const { MESSAGE_NETWORKS, MESSAGE_CA_FILE, SMTP_URL, SMTP_USER, SMTP_PASSWORD, SMTP_FROM } = env()
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
