import { makeAuthority, makeServerCertificate, newSecret } from '@/lib/adapters/stacks/keys'
import { nextCertificateMark } from '@/lib/domain/stack/secrets'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DeclaredStack, StackKeysWanted, StackStore } from '@/lib/ports/stacks'

const pairsOf = (
  cluster: string,
  servers: StackKeysWanted['servers'],
  days: number,
  authority: ReturnType<typeof makeAuthority>,
  { mark = '', keyOf }: { mark?: string; keyOf?: (name: string) => string | undefined } = {},
): [string, string][] =>
  servers.flatMap((server) => {
    const { certificate, privateKey } = makeServerCertificate(cluster, server, days, authority, { privateKey: keyOf?.(server.name) })
    return [
      [`${mark}certificate ${server.name}`, certificate],
      [`${mark}key ${server.name}`, privateKey],
    ]
  })

/** Declared clusters as the console keeps them, in memory; with real keys. */
export const stackStoreInMemory = (): StackStore & { declare: (stack: DeclaredStack) => void; built: Map<string, string> } => {
  const declared = new Map<string, DeclaredStack>()
  const kept = new Map<string, Record<string, string>>()
  const authorities = new Map<string, ReturnType<typeof makeAuthority>>()
  const built = new Map<string, string>()
  const entriesOf = (id: string, isNext: boolean) =>
    Object.entries(kept.get(id) ?? {}).filter(([name]) => name.startsWith(nextCertificateMark) === isNext)
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
      const pairs = pairsOf(cluster, servers, days, authority)
      kept.set(id, {
        authority: authority.certificate,
        ...Object.fromEntries(pairs),
        ...Object.fromEntries(secrets.map((name) => [name, newSecret()])),
        ...there,
      })
    },
    hasNextCertificates: async (id, servers) => {
      const made = servers.filter((name) => `${nextCertificateMark}key ${name}` in (kept.get(id) ?? {}))
      return made.length === 0 ? 'none' : made.length === servers.length ? 'all' : 'some'
    },
    makeNextCertificates: async (id, { cluster, servers, days, hasNewKeys }) => {
      const keyOf = (name: string) => (hasNewKeys ? undefined : kept.get(id)?.[`key ${name}`])
      const pairs = pairsOf(cluster, servers, days, authorities.get(id)!, { mark: nextCertificateMark, keyOf })
      kept.set(id, { ...kept.get(id), ...Object.fromEntries(pairs) })
    },
    dropNextCertificates: async (id) => void kept.set(id, Object.fromEntries(entriesOf(id, false))),
    adoptNextCertificates: async (id) => {
      const next = entriesOf(id, true).map(([name, value]) => [name.slice(nextCertificateMark.length), value] as const)
      kept.set(id, Object.fromEntries([...entriesOf(id, false), ...next]))
    },
    dropKeys: async (id) => {
      kept.delete(id)
      authorities.delete(id)
    },
    markBuilt: async (id, file) => void (file === null ? built.delete(id) : built.set(id, file)),
  }
}
