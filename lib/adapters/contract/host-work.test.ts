import { memoryFleet, passingClock } from '@/lib/adapters/memory'
import { hostWorkContract } from './host-work-contract'

hostWorkContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }], passingClock())
  fleet.world.work = ([command]) =>
    command === 'fail' ? { endsAtMs: 0, endsWith: 3, output: 'half way\n' } : { endsAtMs: Number.POSITIVE_INFINITY, output: 'at work\n' }
  return {
    ports: fleet,
    host: fleet.host('n1').server.address,
    commands: { failing: ['fail'], endless: ['endless'] },
    stop: async () => {},
  }
})
