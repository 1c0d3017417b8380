import { etcdFile, etcdPeerUrl } from '@/lib/domain/stack/files'
import { etcdDirectoryOf, type Stack, serversWith } from '@/lib/domain/stack/stack'
import type { StackEtcdChange } from '@/lib/ports'
import { failed, running, stackHost } from './stack-host'
import type { MemoryEtcdMember } from './world/stacks'
import type { World } from './world/world'

const quorumOf = (count: number): number => Math.floor(count / 2) + 1

const membersOf = (world: World, { cluster }: Stack): MemoryEtcdMember[] => world.stacks.etcd.get(cluster) ?? []

const isUp = (world: World, stack: Stack, { peerUrl }: MemoryEtcdMember): boolean => {
  const server = stack.servers.find((one) => etcdPeerUrl(stack, one) === peerUrl)
  if (server === undefined || !running(world, stack, 'etcd', 'etcd').includes(server.name)) return false
  return stackHost(world, server.name).directories.get(etcdDirectoryOf(stack)) === 'taken'
}

export const hasQuorum = (world: World, stack: Stack): boolean => {
  const voters = membersOf(world, stack).filter(({ isLearner }) => !isLearner)
  return voters.length > 0 && voters.filter((one) => isUp(world, stack, one)).length >= quorumOf(voters.length)
}

/** A majority that starts together with new files founds the cluster; later nobody runs whom the others have not added, nor with a file that says otherwise. */
export const settleEtcd = (world: World, stack: Stack): void => {
  const all = serversWith(stack, 'etcd')
  const started = all.filter(({ name }) => running(world, stack, 'etcd', 'etcd').includes(name))
  const directory = etcdDirectoryOf(stack)
  if (all.every(({ name }) => !stackHost(world, name).directories.has(directory))) world.stacks.etcd.delete(stack.cluster)
  if (!world.stacks.etcd.has(stack.cluster)) {
    if (started.length < quorumOf(all.length)) {
      for (const { name } of started) stackHost(world, name).directories.set(directory, 'taken')
      return
    }
    world.stacks.etcd.set(
      stack.cluster,
      all.map((server) => ({
        id: `${server.name} of the first`,
        name: server.name,
        peerUrl: etcdPeerUrl(stack, server),
        isLearner: false,
      })),
    )
    for (const { name } of started) stackHost(world, name).directories.set(directory, 'taken')
  }
  for (const server of started) {
    const { directories, files } = stackHost(world, server.name)
    const member = membersOf(world, stack).find(({ peerUrl }) => peerUrl === etcdPeerUrl(stack, server))
    const path = etcdFile(stack, server).path
    const isFounder = member?.id === `${server.name} of the first`
    const joins = files.get(path)?.content.includes('ETCD_INITIAL_CLUSTER_STATE=existing') === true
    if (
      member === undefined ||
      directories.get(directory) === 'taken' ||
      !(isFounder ? member.name !== '' && !wasBuilt(world, stack) : joins)
    )
      continue
    directories.set(directory, 'taken')
    member.name = server.name
  }
}

/** One that lost its data is refused by the others once the cluster stands. */
const wasBuilt = (world: World, stack: Stack): boolean =>
  [...world.stacks.meant].some(([id, one]) => one.cluster === stack.cluster && world.stacks.built.has(id))

export const listEtcd = (world: World, stack: Stack, hostname: string): MemoryEtcdMember[] | null =>
  running(world, stack, 'etcd', 'etcd').includes(hostname) && hasQuorum(world, stack)
    ? membersOf(world, stack).map((one) => ({ ...one }))
    : null

/** `nth`: how many changes there were before, for the id. */
export const changeEtcdOf = (world: World, stack: Stack, change: StackEtcdChange): void => {
  if (!hasQuorum(world, stack)) throw failed('etcd refused to change a member: etcdserver: no leader')
  const members = membersOf(world, stack)
  if ('add' in change) {
    if (members.some(({ peerUrl }) => peerUrl === change.add))
      throw failed('etcd refused to add a member: etcdserver: Peer URLs already exists')
    if (members.some(({ isLearner }) => isLearner))
      throw failed('etcd refused to add a member: etcdserver: too many learner members in cluster')
    world.stacks.etcdAdded += 1
    members.push({ id: `added ${world.stacks.etcdAdded}`, name: '', peerUrl: change.add, isLearner: true })
    return
  }
  const [id, kind] = 'promote' in change ? [change.promote, 'promote'] : [change.remove, 'remove']
  const member = members.find((one) => one.id === id)
  if (member === undefined) throw failed(`etcd refused to ${kind} a member: etcdserver: member not found`)
  if (kind === 'remove') members.splice(members.indexOf(member), 1)
  else if (!isUp(world, stack, member))
    throw failed('etcd refused to promote a member: etcdserver: can only promote a learner member which is in sync with leader')
  else member.isLearner = false
  if (!hasQuorum(world, stack)) world.violations.push(`to ${kind} ${member.name} left etcd without a quorum`)
}
