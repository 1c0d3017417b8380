import type { StatementsRead } from '@/lib/ports'
import type { World } from '../world/world'
import { reached } from './instances'

/** No server of this world counts its statements. */
export const memoryStatements = (world: World): StatementsRead => ({
  look: async (address, options) => {
    const { active } = await reached(world, address, options)
    return { state: 'not-loaded', libraries: active.shared_preload_libraries ?? '' }
  },
})
