import { ensureConsoleKeys, type KeySealer } from '@/db/keys/console-keys'
import { makeSshKey } from '@/lib/adapters/vault'
import { authorizedLine } from '@/lib/domain/values/authorized-key'
import type { Lab } from '../lab/lab'
import { consoleAddress } from '../machine/layout'

/** Lets the console's key of each environment into the hosts of that environment, and no other. The environments are registered before. */
export const letConsoleIn = async (lab: Lab, sealer: KeySealer): Promise<void> => {
  const keys = await ensureConsoleKeys(sealer, () => makeSshKey('matriarch'))
  for (const { name } of lab.fleet.environments) {
    const key = keys.get(name)
    if (key !== undefined) lab.authorize(authorizedLine(key, consoleAddress), name)
  }
}
