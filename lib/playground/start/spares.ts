import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { SecurityGroup } from '../cloud/launch/kept'
import type { CloudState, Machine, Volume } from '../cloud/state'
import type { Lab } from '../lab/lab'

export interface SpareHosts {
  /** Of a fleet that has none at all machines are launched without a host. */
  hasOne: () => boolean
  /** Gives the machine a host, in its zone if one is left there, with the host's address. False: none is left. */
  take: (machine: Machine) => boolean
  giveBack: (machine: Machine) => void
  /** What cloud-init writes on the console of a machine with that host. */
  consoleOf: (host: string) => string
  /** Those that no machine has are off. */
  turnOff: () => Promise<void>
  /** Host by the id of the machine that has it. */
  held: () => [id: string, host: string][]
}

/** Hosts that stand ready for machines that are launched. `hosts`: which machine has which host, of all machines. */
export const spareHosts = (lab: Lab, names: readonly string[], hosts: Map<string, string | null>): SpareHosts => {
  const held = () => [...hosts].flatMap(([id, host]): [string, string][] => (host !== null && names.includes(host) ? [[id, host]] : []))
  const free = () => names.filter((name) => held().every(([, host]) => host !== name))
  return {
    held,
    hasOne: () => names.length === 0 || free().length > 0,
    take: (machine) => {
      const left = free()
      const host = left.find((name) => lab.host(name).site === machine.zone) ?? left[0]
      if (host === undefined) return false
      hosts.set(machine.id, host)
      const { address } = lab.host(host)
      Object.assign(machine, { privateIp: address, ...(machine.publicIp === null ? {} : { publicIp: address }) })
      return true
    },
    giveBack: ({ id }) => {
      const host = hosts.get(id)
      if (host && names.includes(host)) hosts.delete(id)
    },
    consoleOf: (host) => {
      const key = lab
        .hostKeys()
        .find((one) => one.host === host)!
        .publicKey.split(' ')[1]!
      const fingerprint = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')
      return [
        '-----BEGIN SSH HOST KEY FINGERPRINTS-----',
        `256 SHA256:${fingerprint} root@${host} (ED25519)`,
        '-----END SSH HOST KEY FINGERPRINTS-----',
        '',
      ].join('\n')
    },
    turnOff: async () => {
      for (const name of free()) await lab.hosts.shutDown(name)
    },
  }
}

interface Kept {
  machines: { host: string; machine: Machine }[]
  volumes: Volume[]
  groups: SecurityGroup[]
}

/** What somebody launched outlives the playground, as its hosts do. */
export const keepLaunched = (state: CloudState, held: readonly (readonly [string, string])[], file: string): void => {
  const machines = held.map(([id, host]) => ({ host, machine: state.machines.get(id)! }))
  const volumes = machines.flatMap(({ machine }) => state.attached(machine.id))
  writeFileSync(file, JSON.stringify({ machines, volumes, groups: [...state.groups.values()] } satisfies Kept))
}

export const restoreLaunched = (state: CloudState, hosts: Map<string, string | null>, file: string): void => {
  if (!existsSync(file)) return
  const { machines, volumes, groups } = JSON.parse(readFileSync(file, 'utf8')) as Kept
  for (const { host, machine } of machines) {
    state.machines.set(machine.id, machine)
    state.remember(machine, state.options.now(), 0)
    hosts.set(machine.id, host)
  }
  for (const volume of volumes) state.volumes.set(volume.id, volume)
  for (const group of groups) state.groups.set(group.id, group)
}
