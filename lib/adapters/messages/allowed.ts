import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

export interface CheckedAddress {
  address: string
  family: 4 | 6
}

/** Where messages may go. */
export interface Allowed {
  /** The addresses of a host, every one of them checked. Throws `RefusedAddress`, or what the resolver throws. */
  resolve: (host: string) => Promise<CheckedAddress[]>
}

/** A destination that messages must not go to, in words. */
export class RefusedAddress extends Error {}

/** Private, shared, loopback, link-local (where clouds answer with credentials), documentation, benchmarks, multicast and reserved. */
const closed4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const
/** Of the one range that is routed: what carries an IPv4 address inside, documentation. */
const closed6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const listOf = (family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList()
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, family)
  return list
}
const refused4 = listOf('ipv4', closed4)
const refused6 = listOf('ipv6', closed6)
const routed6 = listOf('ipv6', [['2000::', 3]])

const isPublic = (address: string): boolean =>
  isIP(address) === 4 ? !refused4.check(address, 'ipv4') : routed6.check(address, 'ipv6') && !refused6.check(address, 'ipv6')

/** `networks`: CIDRs that an administrator of the worker allows besides. Throws RangeError for one that is none. */
export const makeAllowed = (networks: readonly string[]): Allowed => {
  const allowed = new BlockList()
  for (const network of networks) {
    const [net = '', prefix = ''] = network.split('/')
    const family = isIP(net)
    if (family === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128))
      throw new RangeError(`${network} is not a network such as 10.1.0.0/16.`)
    allowed.addSubnet(net, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
  }
  const mayGoTo = (address: string) => allowed.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6') || isPublic(address)
  return {
    resolve: async (host) => {
      const found = await lookup(host, { all: true, verbatim: true })
      const closed = found.find(({ address }) => !mayGoTo(address))
      if (closed)
        throw new RefusedAddress(
          `${host} is ${closed.address}, and messages do not go to private networks. An administrator of the worker can allow it in MESSAGE_NETWORKS.`,
        )
      return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
    },
  }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export const isLoopback = ({ address, family }: CheckedAddress): boolean => loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
