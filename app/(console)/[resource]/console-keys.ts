import type { ShownKey } from '@/components/resource/server/console-keys'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { consolePublicKey } from '@/db/keys/console-keys'
import type { Actor } from '@/lib/kernel/access/access'

/** The keys that servers of these environments must accept (null: of every environment this person sees), each with the environments that use it. */
export const shownKeys = async (actor: Actor, environmentId: string | null): Promise<ShownKey[]> => {
  const badged = await badgedEnvironments(actor)
  const wanted = environmentId === null ? Object.values(badged) : badged[environmentId] ? [badged[environmentId]] : []
  const byKey = new Map<string, ShownKey['environments']>()
  for (const environment of wanted) {
    const publicKey = await consolePublicKey(environment.id)
    if (publicKey) byKey.set(publicKey, [...(byKey.get(publicKey) ?? []), environment])
  }
  if (byKey.size === 1 || environmentId !== null) return [...byKey.keys()].map((publicKey) => ({ publicKey, environments: [] }))
  return [...byKey].map(([publicKey, environments]) => ({ publicKey, environments }))
}
