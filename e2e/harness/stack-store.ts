import { makeAuthority, makeServerCertificate, newSecret } from '@/lib/adapters/stacks/keys'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DeclaredStack, StackStore } from '@/lib/ports/stacks'

/** Declared clusters as the console keeps them, in memory; with real keys. */
export const stackStoreInMemory = (): StackStore & { declare: (stack: DeclaredStack) => void; built: Map<string, string> } => {
  const declared = new Map<string, DeclaredStack>()
  const kept = new Map<string, Record<string, string>>()
  const authorities = new Map<string, ReturnType<typeof makeAuthority>>()
  const built = new Map<string, string>()
  return {
    built,
    declare: (stack) => void declared.set(stack.id, stack),
    declared: async (id) => {
      const found = declared.get(id)
      if (found === undefined) throw new Fault('record.missing', { because: 'The declared cluster is not registered.' })
      return { ...found, isBuilt: built.has(id), builtFile: built.get(id) ?? null }
    },
    secrets: async (id) => kept.get(id) ?? {},
    hasKeys: async (id, { secrets, servers }) => {
      const own = kept.get(id) ?? {}
      return kept.has(id) && [...secrets, ...servers.map(({ name }) => `key ${name}`)].every((name) => name in own)
    },
    makeKeys: async (id, { cluster, secrets, servers, days }) => {
      const authority = authorities.get(id) ?? makeAuthority(cluster)
      authorities.set(id, authority)
      const there = kept.get(id) ?? {}
      const pairs = servers.flatMap((server): [string, string][] => {
        const { certificate, privateKey } = makeServerCertificate(cluster, server, days, authority)
        return [
          [`certificate ${server.name}`, certificate],
          [`key ${server.name}`, privateKey],
        ]
      })
      kept.set(id, {
        authority: authority.certificate,
        ...Object.fromEntries(pairs),
        ...Object.fromEntries(secrets.map((name) => [name, newSecret()])),
        ...there,
      })
    },
    dropKeys: async (id) => {
      kept.delete(id)
      authorities.delete(id)
    },
    markBuilt: async (id, file) => void (file === null ? built.delete(id) : built.set(id, file)),
  }
}
