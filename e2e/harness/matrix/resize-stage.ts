import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { heldIn, putRecords } from '@/lib/adapters/memory'
import { makeScripts } from '@/lib/adapters/scripts'
import { recordSet } from '@/lib/domain/dns/records'
import type { ActPorts, InventoryHook, InventoryName } from '@/lib/ports'
import { readers, resizeFleet } from '../twin/resize'
import type { LabHerd } from './herd'

/** Of a script that is told to end and does not. */
const graceMs = 300

export type StagedHook = Pick<InventoryHook, 'title' | 'moment'> &
  Partial<Pick<InventoryHook, 'timeoutSeconds' | 'onFailure'>> & { body: string }

export interface ResizeStage {
  ports: ActPorts
  /** What the name that all members share holds. */
  named: () => string[]
  /** What the scripts wrote, a line each. */
  said: () => string[]
}

/** Ports of a resize with real scripts in a folder of the lab and one DNS name that all members share, in a zone in memory. `SAID` in a body is the file of `said`. */
export const resizeStage = (herd: LabHerd, ports: ActPorts, hosts: readonly string[], hooks: readonly StagedHook[]): ResizeStage => {
  const folder = herd.lab.layout.at(`hooks-${crypto.randomUUID()}`)
  const log = join(folder, 'said')
  mkdirSync(folder, { recursive: true })
  for (const { title, body } of hooks) {
    const file = join(folder, title)
    writeFileSync(file, `#!/bin/sh\nSAID=${log}\n${body}\n`)
    chmodSync(file, 0o755)
  }
  const dns = resizeFleet()
  const zone = dns.zone('prod.test')
  const name: InventoryName = {
    ...[...dns.world.names.values()].find(({ title }) => title === readers)!,
    follows: 'members',
    ttlSeconds: 1,
  }
  const addresses = hosts.map((host) => herd.instance(host).address.host.address)
  putRecords(zone, readers, [recordSet(readers, 'A', addresses, name.ttlSeconds)])
  const { read, act } = ports
  const scripts = makeScripts(folder, graceMs)
  const taken = hooks.map((hook) => ({
    ...{ id: hook.title, title: hook.title, moment: hook.moment, file: hook.title, staysAway: false },
    ...{ timeoutSeconds: hook.timeoutSeconds ?? 30, onFailure: hook.onFailure ?? 'stop' },
  }))
  return {
    ports: {
      read: {
        ...{ ...read, names: dns.read.names, scripts: scripts.read.scripts },
        inventory: {
          ...read.inventory,
          herdNames: async () => [name],
          instanceHooks: async () => ({ hooks: taken, entries: [{ number: 1, hostedZone: 'Z1', dnsName: 'db2.shop.test' }] }),
        },
      },
      act: { ...act, names: dns.act.names, scripts: scripts.act.scripts },
    },
    named: () =>
      heldIn(zone, readers)
        .flatMap(({ values }) => values)
        .toSorted(),
    said: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  }
}

export interface LostWorker {
  ports: ActPorts
  /** At which call of EC2 this one was lost; it never comes where none is left to lose one at. */
  lost: Promise<string>
}

/**
 * Ports of a worker that is lost at the first call of EC2 that is not in `reached`, and adds it: before it changes something, after it did, or once EC2 said of
 * the machine what it had not said yet. What a lost worker waits for never comes.
 */
export const lostWorker = (ports: ActPorts, reached: string[]): LostWorker => {
  let tell: (point: string) => void = () => {}
  const lost = new Promise<string>((resolve) => {
    tell = resolve
  })
  const point = async (at: string): Promise<void> => {
    if (reached.includes(at)) return
    reached.push(at)
    tell(at)
    await new Promise<never>(() => {})
  }
  const { read, act } = ports
  return {
    lost,
    ports: {
      read: {
        ...read,
        cloud: {
          ...read.cloud,
          machine: async (place, options) => {
            const now = await read.cloud.machine(place, options)
            await point(`${now.state} ${now.type}`)
            return now
          },
        },
      },
      act: {
        ...act,
        cloud: {
          ...act.cloud,
          act: async (place, deed, options) => {
            await point(`before ${deed.does}`)
            await act.cloud.act(place, deed, options)
            await point(`after ${deed.does}`)
          },
        },
      },
    },
  }
}
