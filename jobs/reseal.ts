import { resealAll } from '@/db/keys/reseal'
import { closeDb } from '@/db/pg/client'
import { makeVault } from '@/lib/adapters/vault'
import { EnvironmentFault, env } from '@/lib/env'

/**
 * `npm run reseal`, with a worker's environment: what VAULT_KEY_OTHER sealed is sealed with VAULT_KEY. Safe to interrupt and to run again; SECURITY.md has the
 * whole course. Exit 0: nothing is left that needs the other key. 1: something is, or could not be asked.
 */
const main = async (): Promise<void> => {
  const { VAULT_KEY, VAULT_KEY_OTHER } = env()
  if (!VAULT_KEY) throw new EnvironmentFault(['VAULT_KEY: is not set; it is the key to seal with'])
  const { resealed, current, lost, isContested } = await resealAll(makeVault(VAULT_KEY, VAULT_KEY_OTHER))
  console.log(`Sealed anew: ${resealed}. Sealed with VAULT_KEY: ${current}.`)
  for (const one of lost) console.error(`Not opened: ${one}`)
  if (isContested)
    console.error(
      'A worker still publishes another key for secrets to be sealed with: restart every worker with this VAULT_KEY, and run this again.',
    )
  if (lost.length > 0 && !VAULT_KEY_OTHER) console.error('VAULT_KEY_OTHER is not set: give it the key that sealed these.')
  if (lost.length > 0 || isContested) process.exitCode = 1
  else console.log('Nothing needs the other key any more.')
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await closeDb()
}
