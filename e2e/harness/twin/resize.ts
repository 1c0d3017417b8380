import { heldIn, idOf, type MemoryFleet, type MemoryMachine, type MemoryPooled, putRecords } from '@/lib/adapters/memory'
import { recordSet } from '@/lib/domain/dns/records'
import type { InventoryHook, PoolerClient } from '@/lib/ports'
import { newFleet, say } from './switchover'

/** The name that the standbys share. */
export const readers = 'readers.prod.test'

const addressOf = (fleet: MemoryFleet, host: string) => fleet.host(host).server.address.address

/** A herd of three on machines, whose standbys n2 and n3 share a DNS name. `poolers`: hosts with one in front. */
export const resizeFleet = ({ poolers }: { poolers?: string[] } = {}): MemoryFleet => {
  const fleet = newFleet({ poolers })
  say(fleet, {})
  const primary = [...fleet.world.names.values()][0]!
  const name = { ...primary, id: idOf(`name ${readers}`), title: readers, type: 'A', follows: 'standbys', carries: 'address' } as const
  fleet.world.names.set(name.id, name)
  const both = [addressOf(fleet, 'n2'), addressOf(fleet, 'n3')]
  putRecords(fleet.zone('prod.test'), readers, [recordSet(readers, 'A', both, name.ttlSeconds)])
  return fleet
}

export const machineOf = (fleet: MemoryFleet, host: string): MemoryMachine => fleet.host(host).machine!

/** Whether the name that the standbys share holds that host. */
export const isNamed = (fleet: MemoryFleet, host: string): boolean =>
  heldIn(fleet.zone('prod.test'), readers).some(({ values }) => values.includes(addressOf(fleet, host)))

/** As its machine was stopped, with what is on it; it is in no name that standbys share. */
export const powerOff = (fleet: MemoryFleet, hostname: string): void => {
  const host = fleet.host(hostname)
  host.power = 'off'
  host.machine!.state = 'stopped'
  for (const one of fleet.world.instances.values()) if (one.host === host) one.state = 'stopped'
  const name = [...fleet.world.names.values()].find(({ title }) => title === readers)
  if (name === undefined) return
  const left = ['n2', 'n3'].filter((one) => one !== hostname).map((one) => addressOf(fleet, one))
  putRecords(fleet.zone('prod.test'), readers, [recordSet(readers, 'A', left, name.ttlSeconds)])
}

/** The same herd, whose hosts have PostgreSQL as packages with newer ones to be had, and an extension; apt-get installs what it is told. */
export const upgradeFleet = (options: { poolers?: string[] } = {}): MemoryFleet => {
  const fleet = resizeFleet(options)
  for (const host of ['n1', 'n2', 'n3'])
    fleet.host(host).packages = new Map([
      ['postgresql-15', { installed: '15.18-1', candidate: '15.19-1', isHeld: false }],
      ['postgresql-15-cron', { installed: '1.4-1', candidate: '1.4-1', isHeld: false }],
    ])
  fleet.world.work = (argv, host) => ({
    action: () => {
      if (argv.includes('--download-only')) return
      for (const word of argv) {
        const [name, version] = word.split('=')
        const found = host.packages.get(name!)
        if (found !== undefined && version !== undefined) found.installed = version
      }
      for (const one of fleet.world.instances.values())
        if (one.host === host) one.version = host.packages.get('postgresql-15')!.installed.split('-')[0]!
    },
  })
  return fleet
}

/** The arguments of every script that ended, in order: `pre-resize.sh i-1`. */
export const scripted = (fleet: MemoryFleet): string[] => fleet.world.scripted.map(({ file, argv }) => [file, ...argv].join(' '))

const hookOf = (moment: InventoryHook['moment'], file: string): InventoryHook => ({
  id: idOf(`hook ${file}`),
  title: file.replace('.sh', ''),
  moment,
  file,
  timeoutSeconds: 60,
  onFailure: 'stop',
  staysAway: false,
})

/** A database of the pooler on n1 that reads from the standby n2; `busy`: clients in a transaction. */
export const addReader = (fleet: MemoryFleet, busy: PoolerClient[] = []): MemoryPooled => {
  const host = fleet.host('n2').server.address.address
  const database: MemoryPooled = { host, port: 5432, mode: 'transaction', isPaused: false, isDisabled: false, busy, idle: [] }
  fleet.pooler('demo pooler on n1').databases.set('shop_ro', database)
  return database
}

/** The same herd with pygmy’s three scripts, a DNS entry of n2, and a pooler on n1 that reads from it. */
export const hookedFleet = (): MemoryFleet => {
  const fleet = resizeFleet({ poolers: ['n1'] })
  addReader(fleet)
  const { world } = fleet
  world.hooks = [
    hookOf('before-stop', 'pre-resize.sh'),
    hookOf('after-return', 'post-streaming.sh'),
    hookOf('move-clients', 'dns-change.sh'),
  ]
  world.dnsEntries = [{ number: 1, hostedZone: 'n/a', dnsName: 'db2.shop.test' }]
  for (const { file } of world.hooks) world.scripts.set(file, () => ({ exitCode: 0, output: `${file} was here` }))
  return fleet
}
