import type { ShownKey } from '@/components/resource/server/console-keys'
import { badgedEnvironments } from '@/db/fleet/environment-badges'
import { consolePublicKeys } from '@/db/keys/console-keys'
import { authorizedLine } from '@/lib/domain/values/authorized-key'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'

/** The keys that servers of this environment must accept (null: of every environment this person sees), each with its environment. */
export const shownKeys = async (actor: Actor, environmentId: string | null): Promise<ShownKey[]> => {
  const badged = await badgedEnvironments(actor)
  const wanted = environmentId === null ? Object.values(badged) : badged[environmentId] ? [badged[environmentId]] : []
  const shown: ShownKey[] = []
  for (const environment of wanted) {
    const { current, next } = await consolePublicKeys(environment.id)
    for (const [publicKey, isNext] of [
      [current, false],
      [next, true],
    ] as const)
      if (publicKey !== null) shown.push({ line: authorizedLine(publicKey, env().WORKER_ADDRESSES), isNext, environment })
  }
  return shown
}
