import { authorityStateOf, madeFor, nextMark, stepsFrom } from '@/lib/domain/stack/authorities'
import { unitOf } from '@/lib/domain/stack/files'
import { secretMark, secretsIn } from '@/lib/domain/stack/secrets'
import { portsOf, type Stack, serversWith } from '@/lib/domain/stack/stack'
import { type StackFile, tlsFile } from '@/lib/domain/stack/stack-file'
import type { CallOptions, HostAddress, StacksAct, StacksRead } from '@/lib/ports'
import { failed, isActive, stackHost } from './stack-host'
import type { MemoryAuthorities, MemoryStackHost } from './world/stacks'
import type { World } from './world/world'

const authoritiesOf = ({ stacks }: World, stackId: string): MemoryAuthorities =>
  stacks.authorities.get(stackId) ?? { trusted: [0], coming: null }

/** What a file holds once it is written: its owner, mode and generation of secrets first. */
export const contentFor = (world: World, stackId: string, { owner, mode, text }: StackFile): string => {
  const names = secretsIn(text)
  const { keys, certificates, nextCertificates, nextAuthorities } = world.stacks
  if (names.length === 0) return `${owner} ${mode} \n${text}`
  const isNext = names.some((name) => name.startsWith(nextMark))
  const { trusted } = (isNext ? nextAuthorities.get(stackId) : null) ?? authoritiesOf(world, stackId)
  const rotated = (isNext ? nextCertificates : certificates).get(stackId) ?? 0
  const of = (kind: RegExp, said: string) => (names.some((name) => kind.test(name)) ? `, ${said}` : '')
  const more = `${of(/certificate /, `certificates ${rotated} of ${trusted[0]}`)}${of(/key /, `keys ${rotated}`)}${of(/authority$/, `authorities ${trusted.join(' ')}`)}`
  return `${owner} ${mode} ${keys.get(stackId) ?? 'no keys'}${more}\n${text.replaceAll(`{{${nextMark}`, '{{')}`
}

const readNow = ({ files }: MemoryStackHost, file: 'ca.pem' | 'server.pem'): string => files.get(tlsFile(file))?.content ?? ''

/** What a unit reads when it is started, restarted or reloaded; of etcd a reload reads no authority. */
export const readCertificates = (world: World, hostname: string, unit: string, verb: string): void => {
  const host = stackHost(world, hostname)
  if (verb === 'stop') return
  // Patroni’s API reads the authorities again where its certificate is another one, and not for them alone.
  if (unit !== 'etcd' && (unit !== 'patroni' || verb === 'start' || host.shown.get(unit) !== readNow(host, 'server.pem')))
    host.trusted.set(unit, readNow(host, 'ca.pem'))
  if (unit === 'etcd' && verb !== 'reload') host.trusted.set(unit, readNow(host, 'ca.pem'))
  host.shown.set(unit, readNow(host, 'server.pem'))
}

/** A member of etcd, or of Patroni, whose certificate another one does not trust, is refused by it. */
export const refusedIn = (world: World, stackId: string): void => {
  const stack = world.stacks.meant.get(stackId)
  for (const part of ['etcd', 'postgres'] as const)
    for (const one of stack === undefined ? [] : serversWith(stack, part))
      for (const other of serversWith(stack!, part)) {
        const signer = / of (\d+)/.exec(readNow(stackHost(world, one.name), 'server.pem'))?.[1]
        const trusted = /authorities ([\d ]+)/.exec(stackHost(world, other.name).trusted.get(unitOf[part]) ?? '')?.[1]
        if (signer === undefined || trusted === undefined || trusted.split(' ').includes(signer)) continue
        world.violations.push(`${unitOf[part]} of ${other.name} refuses ${one.name}`)
      }
}

const shownBy = (host: MemoryStackHost, unit: string): string | undefined =>
  unit === 'etcd' ? readNow(host, 'server.pem') : host.shown.get(unit)

type At = (host: HostAddress, options: CallOptions) => Promise<MemoryStackHost>

export const certificateReads = (
  world: World,
  at: At,
  stackAt: (world: World, url: string) => Stack | undefined,
): Pick<StacksRead, 'hasNextCertificates' | 'authorities' | 'shows'> => ({
  hasNextCertificates: async (stackId) => (world.stacks.nextCertificates.has(stackId) ? 'all' : 'none'),
  authorities: async (stackId) => {
    const { trusted, coming } = authoritiesOf(world, stackId)
    const next = world.stacks.nextAuthorities.get(stackId)
    return {
      state: stateOf({ trusted, coming }),
      next: world.stacks.nextCertificates.has(stackId) ? madeFor(next && pem(next.trusted), next?.coming != null) : null,
    }
  },
  shows: async (host, stackId, { door: { address, port }, certificate }, options) => {
    await at(host, options)
    const stack = stackAt(world, `https://${address}:`)
    const server = stack?.servers.find((one) => one.address === address)
    if (stack === undefined || server === undefined) return null
    const part = server.parts.find((one) => portsOf(stack, one).some(([, own]) => own === port))
    if (part === undefined || !isActive(world, server.name, unitOf[part])) return null
    const file: StackFile = { path: tlsFile('server.pem'), owner: 'root', mode: '0644', text: secretMark(certificate) }
    return shownBy(stackHost(world, server.name), unitOf[part]) === contentFor(world, stackId, file)
  },
})

const pem = (trusted: readonly number[]): string =>
  trusted.map((one) => `-----BEGIN CERTIFICATE-----${one}-----END CERTIFICATE-----\n`).join('')
const stateOf = ({ trusted, coming }: MemoryAuthorities) => authorityStateOf(pem(trusted), coming !== null)

export const certificateActs = (
  world: World,
  own: (stackId: string, act: string, options: CallOptions, change: () => void) => Promise<void>,
): Pick<StacksAct, 'makeNextCertificates' | 'dropNextCertificates' | 'adoptNextCertificates'> => ({
  makeNextCertificates: (stackId, { authority }, options) =>
    own(stackId, 'make next certificates', options, () => {
      const { certificates, nextCertificates, nextAuthorities } = world.stacks
      const now = authoritiesOf(world, stackId)
      if (!stepsFrom[stateOf(now)].includes(authority)) throw failed(`“${authority}” does not follow from the authorities that there are`)
      const [signer = 0] = now.trusted
      const fresh = Math.max(...now.trusted) + 1
      nextCertificates.set(stackId, (nextCertificates.get(stackId) ?? certificates.get(stackId) ?? 0) + 1)
      if (authority === 'add') nextAuthorities.set(stackId, { trusted: [signer, fresh], coming: fresh })
      if (authority === 'use') nextAuthorities.set(stackId, { trusted: [now.coming!, signer], coming: null })
      if (authority === 'retire') nextAuthorities.set(stackId, { trusted: [signer], coming: null })
    }),
  dropNextCertificates: (stackId, options) =>
    own(stackId, 'drop next certificates', options, () => {
      world.stacks.nextCertificates.delete(stackId)
      world.stacks.nextAuthorities.delete(stackId)
    }),
  adoptNextCertificates: (stackId, options) =>
    own(stackId, 'adopt next certificates', options, () => {
      const { nextCertificates, nextAuthorities, certificates, authorities } = world.stacks
      const [next, after] = [nextCertificates.get(stackId), nextAuthorities.get(stackId)]
      if (next !== undefined) certificates.set(stackId, next)
      if (after !== undefined) authorities.set(stackId, after)
      nextCertificates.delete(stackId)
      nextAuthorities.delete(stackId)
    }),
})
