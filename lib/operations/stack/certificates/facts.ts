import { type AuthorityState, type AuthorityStep, nextMark, stepsFrom } from '@/lib/domain/stack/authorities'
import { certificateFiles, trustedFile, unitOf } from '@/lib/domain/stack/files'
import { type StackPart, type StackServer, serversWith } from '@/lib/domain/stack/stack'
import { digestOf } from '@/lib/kernel/ground/digest'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { HostAddress, ReadPorts, StackTlsDoor } from '@/lib/ports'
import { orNull } from '../../facts/or-null'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn } from '../facts'
import { gatherBuild } from '../gather'
import { primaryNow } from '../members'
import { whyNotWhole } from '../parts'

export type RotateFacts = BuildFacts & {
  /** For which servers an earlier rotation has made certificates, and was abandoned. */
  next: 'all' | 'some' | 'none'
  /** What of the cluster is not well; null: all of it is. */
  ill: string | null
  hasNewKeys: boolean
  authority: AuthorityStep
  authorities: { state: AuthorityState; next: AuthorityStep | null }
}

export interface RotateInput {
  newKeys: boolean
  authority: AuthorityStep
}

export const gatherRotation = async (
  ports: ReadPorts,
  { newKeys, authority }: RotateInput,
  context: GatherContext,
): Promise<RotateFacts> => {
  const facts = await gatherBuild(ports, {}, context)
  const names = facts.stack?.servers.map(({ name }) => name) ?? []
  const isSeen = facts.declared.isBuilt && facts.stack !== null && facts.hosts.every(({ seen }) => seen !== null)
  return {
    ...facts,
    next: await ports.stacks.hasNextCertificates(facts.declared.id, names),
    hasNewKeys: newKeys,
    authority,
    authorities: await ports.stacks.authorities(facts.declared.id),
    ill: isSeen ? await whyNotWhole(facts, ports, context.signal) : null,
  }
}

export const isBuilt = ({ declared }: RotateFacts): Verdict => (declared.isBuilt ? pass : refuse('Build the cluster first.'))

export const isUnchanged = (facts: RotateFacts): Verdict =>
  facts.before === null || facts.stack === null || digestOf(facts.stack.servers) === digestOf(facts.before.servers)
    ? pass
    : refuse('The servers of the cluster file have changed since it was built: build the cluster first.')

export const isWell = ({ ill }: RotateFacts): Verdict =>
  ill === null ? passBecause('Every member of etcd and of Patroni, and every door.') : refuse(ill)

const said: Readonly<Record<AuthorityState, string>> = {
  one: 'The cluster trusts one authority: only “keep” and “add” follow.',
  coming: 'The cluster trusts a new authority that signs nothing yet: only “keep” and “use” follow.',
  former: 'The new authority signs, and the former one is still trusted: only “keep” and “retire” follow.',
}

/** A step that would be one too far is never taken: a server would show a certificate that another one refuses. */
export const follows = ({ authority, authorities: { state, next } }: RotateFacts): Verdict => {
  if (next !== null && next !== authority)
    return refuse(`A rotation was abandoned half way: choose “${next}” as authority to complete it first.`)
  return stepsFrom[state].includes(authority) ? pass : refuse(said[state])
}

/** Those of a rotation that was abandoned are replaced by its next run. */
export const areOwn = (facts: RotateFacts): Verdict => {
  const paths = new Set((facts.stack?.servers ?? []).flatMap((server) => certificateFiles(server as StackServer).map(({ path }) => path)))
  const other = facts.drift.filter(({ path }) => paths.has(path))
  if (other.length === 0) return pass
  return facts.next === 'all'
    ? passBecause('A rotation was abandoned half way: it is completed with the certificates that it made.')
    : refuse(`${other.map(({ server, path }) => `${path} of ${server}`).join(', ')} is not as declared: build the cluster first.`)
}

/** The primary last: what goes wrong goes wrong on the others. */
export const inOrder = async (facts: RotateFacts, ports: ReadPorts, signal: AbortSignal): Promise<StackServer[]> => {
  const primary = await primaryNow(facts, ports, signal)
  return stackIn(facts).servers.toSorted((a, b) => Number(a.name === primary?.name) - Number(b.name === primary?.name))
}

/** Units that read their certificate again when they are told to; etcd reads it for each connection, and HAProxy has none but the authorities. */
export const unitsToReload = ({ authority }: Pick<RotateFacts, 'authority'>, { parts }: StackServer): string[] =>
  parts.filter((part) => part !== 'etcd' && (part !== 'proxy' || authority !== 'keep')).map((part) => unitOf[part])

/** etcd reads the authorities when it starts, and then alone. */
export const restartsEtcd = ({ authority }: Pick<RotateFacts, 'authority'>, { parts }: StackServer): boolean =>
  authority !== 'keep' && parts.includes('etcd')

const doorsOf = (facts: RotateFacts, { address, parts }: StackServer): StackTlsDoor[] => {
  const { postgres, patroni, etcd, pooler } = stackIn(facts)
  const door = (port: number, asks: StackTlsDoor['asks']): StackTlsDoor => ({ address, port, asks })
  const of: Record<StackPart, StackTlsDoor[]> = {
    postgres: [door(postgres.port, 'postgres'), door(patroni.restPort, 'tls')],
    etcd: [door(etcd.clientPort, 'tls'), door(etcd.peerPort, 'tls')],
    pooler: [door(pooler.port, 'postgres')],
    proxy: [],
  }
  return parts.flatMap((part) => of[part])
}

/** A member's host has Python, which Patroni needs. */
const askerFor = (facts: RotateFacts, { name, parts }: StackServer): HostAddress =>
  addressOf(facts, parts.includes('postgres') ? name : serversWith(stackIn(facts), 'postgres')[0]!.name)

/**
 * null: its files are those, and each of its daemons shows that certificate. Else what is missing, in words. A daemon that shows none reads the former one
 * when it starts, so that it counts as right; with the next one it has to be seen.
 */
export const whyNotShown = async (
  facts: RotateFacts,
  ports: ReadPorts,
  server: StackServer,
  which: 'current' | 'next',
  signal: AbortSignal,
): Promise<string | null> => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const { id } = facts.declared
  const wanted = [...certificateFiles(server, which), ...(facts.authority === 'keep' ? [] : [trustedFile(which)])]
  const { files } = await ports.stacks.look(addressOf(facts, server.name), id, { files: wanted }, options)
  const isAsWanted = ({ path, state }: (typeof files)[number]) =>
    state === 'same' || (which === 'current' && state === 'absent' && path === trustedFile(which).path)
  if (!files.every(isAsWanted)) return `the files of ${server.name} are others`
  const certificate = `${which === 'next' ? nextMark : ''}certificate ${server.name}`
  const doors = doorsOf(facts, server)
  const shown = await Promise.all(
    doors.map((door) => orNull(ports.stacks.shows(askerFor(facts, server), id, { door, certificate }, options), signal)),
  )
  const late = doors.filter((_one, index) => (which === 'next' ? shown[index] !== true : shown[index] === false))
  return late.length === 0 ? null : `port ${late.map(({ port }) => port).join(', ')} of ${server.name} does not show its certificate`
}
