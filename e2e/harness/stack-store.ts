import { makeAuthority, makeServerCertificate, newSecret } from '@/lib/adapters/stacks/keys'
import { authorityAfter, authorityStateOf, madeFor, nextMark } from '@/lib/domain/stack/authorities'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DeclaredStack, StackKeysWanted, StackStore } from '@/lib/ports/stacks'

const pairsOf = (
  servers: StackKeysWanted['servers'],
  days: number,
  authority: ReturnType<typeof makeAuthority>,
  { mark = '', keyOf }: { mark?: string; keyOf?: (name: string) => string | undefined } = {},
): [string, string][] =>
  servers.flatMap((server) => {
    const { certificate, privateKey } = makeServerCertificate(server, days, authority, { privateKey: keyOf?.(server.name) })
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
  /** Those that sign nothing yet. */
  const coming = new Map<string, ReturnType<typeof makeAuthority>>()
  /** What becomes of both with the rotation that is under way. */
  const after = new Map<string, ReturnType<typeof authorityAfter>>()
  const built = new Map<string, string>()
  const entriesOf = (id: string, isNext: boolean) =>
    Object.entries(kept.get(id) ?? {}).filter(([name]) => name.startsWith(nextMark) === isNext)
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
      const pairs = pairsOf(servers, days, authority)
      kept.set(id, {
        authority: authority.certificate,
        ...Object.fromEntries(pairs),
        ...Object.fromEntries(secrets.map((name) => [name, newSecret()])),
        ...there,
      })
    },
    hasNextCertificates: async (id, servers) => {
      const made = servers.filter((name) => `${nextMark}key ${name}` in (kept.get(id) ?? {}))
      return made.length === 0 ? 'none' : made.length === servers.length ? 'all' : 'some'
    },
    authorities: async (id) => {
      const next = after.get(id)
      return {
        state: authorityStateOf(authorities.get(id)?.certificate ?? '', coming.has(id)),
        next: next === undefined ? null : madeFor(next.isChanged ? next.own.certificate : undefined, next.made !== null),
      }
    },
    makeNextCertificates: async (id, { cluster, servers, days, hasNewKeys, authority }) => {
      const keyOf = (name: string) => (hasNewKeys ? undefined : kept.get(id)?.[`key ${name}`])
      const next = authorityAfter(authority, authorities.get(id)!, coming.get(id), () => makeAuthority(cluster))
      after.set(id, next)
      const pairs = pairsOf(servers, days, next.own, { mark: nextMark, keyOf })
      kept.set(id, { ...kept.get(id), ...Object.fromEntries(pairs), [`${nextMark}authority`]: next.own.certificate })
    },
    dropNextCertificates: async (id) => {
      after.delete(id)
      kept.set(id, Object.fromEntries(entriesOf(id, false)))
    },
    adoptNextCertificates: async (id) => {
      const made = after.get(id)
      after.delete(id)
      if (made?.isChanged) {
        authorities.set(id, made.own)
        coming.delete(id)
      }
      if (made?.made) coming.set(id, made.made)
      const next = entriesOf(id, true).map(([name, value]) => [name.slice(nextMark.length), value] as const)
      kept.set(id, Object.fromEntries([...entriesOf(id, false), ...next]))
    },
    dropKeys: async (id) => {
      kept.delete(id)
      authorities.delete(id)
    },
    markBuilt: async (id, file) => void (file === null ? built.delete(id) : built.set(id, file)),
  }
}
