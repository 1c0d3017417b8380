import { createHash } from 'node:crypto'
import type { Lab } from '@/lib/playground/lab/lab'
import type { HostAddress, InstanceAddress } from '@/lib/ports'

export interface LabAddresses {
  host: (name: string) => HostAddress
  /** The member of a herd on a host. */
  instance: (herd: string, host: string) => InstanceAddress
  close: () => Promise<void>
}

/** OpenSSH's `SHA256:…` of a public key line. */
export const fingerprintOfLine = (line: string): string =>
  `SHA256:${createHash('sha256')
    .update(Buffer.from(line.split(' ')[1]!, 'base64'))
    .digest('base64')
    .replace(/=+$/, '')}`

/**
 * Addresses of a lab's hosts for a test that runs outside the lab's network: a relay forwards to each sshd. Host keys are pinned.
 * `inside`: addresses as they are, for a process that runs in the lab's network.
 */
export const labAddresses = async (lab: Lab, { isInside = false } = {}): Promise<LabAddresses> => {
  const relays = isInside
    ? []
    : await Promise.all(
        lab.fleet.hosts.map(async ({ name, address }) => ({
          name,
          relay: await lab.relay({ listenHost: '127.0.0.1', listenPort: 0, target: { host: address, port: 22 } }),
        })),
      )
  const keys = new Map(lab.hostKeys().map(({ host, publicKey }) => [host, fingerprintOfLine(publicKey)]))
  const host = (name: string): HostAddress => {
    const relay = relays.find((one) => one.name === name)?.relay
    return {
      serverId: name,
      environmentId: lab.host(name).environment,
      hostname: name,
      address: relay?.host ?? lab.host(name).address,
      port: relay?.port ?? 22,
      user: 'postgres',
      hostKey: keys.get(name)!,
    }
  }
  return {
    host,
    instance: (herdName, hostName) => {
      const herd = lab.fleet.herds.find(({ name }) => name === herdName)
      if (!herd) throw new Error(`The lab has no herd ${herdName}.`)
      return {
        instanceId: `${herdName} on ${hostName}`,
        herdId: herdName,
        host: host(hostName),
        clusterName: herd.baseName,
        major: String(lab.fleet.postgresMajor),
        port: herd.port,
        dataDirectory: herd.dataDirectory,
        socketDirectory: '/var/run/postgresql',
        profile: 'debian',
        binDirectory: null,
      }
    },
    close: async () => {
      await Promise.all(relays.map(({ relay }) => relay.close()))
    },
  }
}
