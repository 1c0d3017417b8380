import { type MemoryScript, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { scriptsContract } from './scripts-contract'

const scripts: Record<'says' | 'fails' | 'floods' | 'hangs', MemoryScript> = {
  says: (argv, { MATRIARCH_CALL }) => ({ exitCode: 0, output: `${argv.map((one) => `[${one}]\n`).join('')}${MATRIARCH_CALL}\n` }),
  fails: () => ({ exitCode: 3, output: 'no\n' }),
  floods: () => ({ exitCode: 0, output: `${'x'.repeat(1_000_000)}end\n` }),
  hangs: () => 'hangs',
}

scriptsContract('scripts in memory', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1'] }], passingClock())
  return { ports: fleet, put: async (name) => void fleet.world.scripts.set(name, scripts[name]), stop: async () => {} }
})
