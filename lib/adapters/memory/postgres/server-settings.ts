import { maskSetting } from '@/lib/domain/settings/secret'
import type { SettingKind } from '@/lib/domain/settings/setting'
import type { ServerSettingsRead } from '@/lib/ports'
import type { World } from '../world/world'
import { reached } from './instances'
import { memoryParameters } from './parameters'
import { pendingRestart } from './probe'

const kindOf = (name: string): SettingKind => ({
  name,
  category: 'Customized Options',
  description: '',
  context: 'sighup',
  type: 'string',
  unit: null,
  defaultValue: null,
})

const file = '/etc/postgresql/postgresql.conf'

/** A server of this world has the settings that its files and ALTER SYSTEM gave it, and no others. */
export const memoryServerSettings = (world: World): ServerSettingsRead => ({
  parameters: memoryParameters(world),
  look: async (address, options) => {
    const instance = await reached(world, address, options)
    const waiting = new Set(pendingRestart(instance))
    return {
      catalogue: Object.keys(instance.active).sort().join(),
      version: instance.version,
      loadedAt: instance.confLoadedAt,
      startedAt: instance.startedAt,
      settings: Object.entries(instance.active)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value], index) => ({
          name,
          value: maskSetting(name, value),
          number: null,
          source: 'configuration file',
          file: name in instance.altered ? 'postgresql.auto.conf' : file,
          line: index + 1,
          isPendingRestart: waiting.has(name),
          pendingValue: waiting.has(name) ? maskSetting(name, instance.altered[name] ?? instance.files[name] ?? null) : null,
        })),
    }
  },
  kinds: async (address, options) => Object.keys((await reached(world, address, options)).active).map(kindOf),
})
