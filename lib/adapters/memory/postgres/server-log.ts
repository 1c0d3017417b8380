import type { LogEntry } from '@/lib/domain/server-log/entry'
import type { ServerLogRead } from '@/lib/ports'
import type { World } from '../world/world'
import { reached } from './instances'

const worst = { all: /./, warnings: /WARNING|ERROR|FATAL|PANIC/, errors: /ERROR|FATAL|PANIC/ }

/** What each server of this world did is in no log: it has the line that it started with. */
export const memoryServerLog = (world: World): ServerLogRead => ({
  look: async (address, { words, level }, options) => {
    const { pid, startedAt, inventory } = await reached(world, address, options)
    const started: LogEntry = {
      at: startedAt,
      pid,
      user: null,
      database: null,
      application: null,
      client: null,
      level: 'LOG',
      code: null,
      text: 'database system is ready to accept connections',
      more: [],
    }
    const entries = [started].filter((one) => worst[level].test(one.level) && one.text.includes(words.toLowerCase()))
    return {
      file: `/var/log/postgresql/${inventory.herdName}.log`,
      sizeBytes: 60,
      writtenAt: world.clock.now().toISOString(),
      entries,
      hasMore: false,
      searchedBytes: 60,
    }
  },
})
