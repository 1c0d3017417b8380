import { type MemoryHost, memoryFleet } from '@/lib/adapters/memory'
import { hostsContract } from './hosts-contract'

const powered = (host: MemoryHost, power: MemoryHost['power']) => async () => {
  host.power = power
  return async () => {
    host.power = 'on'
  }
}

hostsContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }])
  const host = fleet.host('n1')
  const { address } = host.server
  let begin = () => {}
  const losing = new Set<string>()
  fleet.calls.interfere = ({ act }) => {
    if (losing.has(act)) return { how: 'lose-answer' }
    if (act !== 'endless') return
    begin()
    return { how: 'hang-before', isKilled: true }
  }
  host.directories.add('/srv')
  return {
    ports: fleet,
    host: address,
    profile: 'debian',
    folder: '/srv',
    losing: (path) => {
      losing.add(`mkdir ${path}`)
      return ['mkdir', path]
    },
    endless: () => {
      const hasBegun = new Promise<void>((resolve) => {
        begin = resolve
      })
      return { argv: ['endless'], begun: () => hasBegun }
    },
    nowhere: { ...address, hostname: 'nowhere' },
    refuseKey: powered(host, 'refuses-key'),
    freeze: powered(host, 'frozen'),
    cutOff: powered(host, 'off'),
    stop: async () => {},
  }
})
