import { heldIn, idOf, type MemoryFleet, type MemoryMachine, putRecords } from '@/lib/adapters/memory'
import { recordSet } from '@/lib/domain/dns/records'
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
