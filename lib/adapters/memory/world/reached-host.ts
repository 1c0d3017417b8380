import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress } from '@/lib/ports'
import type { MemoryHost, World } from './world'

/** The host with that name; of several, while one takes the place of another, the one at that address. */
export const hostNamed = (
  world: World,
  { hostname, address }: Pick<HostAddress, 'hostname'> & Partial<HostAddress>,
): MemoryHost | undefined => {
  const named = world.hosts.get(hostname)
  if (address === undefined || named?.server.address.address === address) return named
  const isThere = ({ server }: MemoryHost) => server.address.hostname === hostname && server.address.address === address
  return [...world.hosts.values()].find(isThere) ?? named
}

/** The host with that name. Throws `shell.unreachable`: nobody answers there. */
export const answering = (world: World, where: Pick<HostAddress, 'hostname'> & Partial<HostAddress>): MemoryHost => {
  const { hostname } = where
  const host = hostNamed(world, where)
  if (host === undefined) throw new Fault('shell.unreachable', { because: `${hostname} does not answer over SSH.`, isOver: true })
  return host
}

/** The host at an address, if its key is the pinned one and it accepts that user. The caller finds out whether it answers. */
export const hostAt = (world: World, address: HostAddress): MemoryHost => {
  const { hostname, hostKey: expected } = address
  if (expected === null) throw new Fault('shell.host-key-unknown', { isOver: true })
  const host = answering(world, address)
  if (host.power !== 'on' && host.power !== 'refuses-key') return host
  const { hostKey: offered, user } = host.server.address
  if (expected !== offered) {
    const because = `${hostname} shows the key ${offered}, not the pinned ${expected}.`
    throw new Fault('shell.host-key-changed', { expected, offered, because, isOver: true })
  }
  if (address.user !== user) throw new Fault('shell.denied', { because: `${hostname} refuses the console’s key for ${address.user}.` })
  return host
}
