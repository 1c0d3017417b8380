/** A member as etcd lists it, and what is known of it. */
export interface EtcdSeenMember {
  /** Empty: it has not been added yet, in a forecast. */
  id: string
  /** Empty: it has been added and never started. */
  name: string
  peerUrl: string
  isLearner: boolean
  /** It answers, and says that etcd has a leader. */
  isHealthy: boolean
}

export interface EtcdWantedMember {
  name: string
  peerUrl: string
  /** There is nothing in its data directory. */
  isBare: boolean
}

/** One change at a time; after each the members that have a vote still have a majority that is healthy. */
export type EtcdMove = { kind: 'add' | 'start' | 'promote' | 'remove'; name: string; member: EtcdSeenMember | null }

/** join: lost members go, then new ones come. leave: those that are wanted no longer go. */
export type EtcdStage = 'join' | 'leave'

const quorumOf = (count: number): number => Math.floor(count / 2) + 1

const standing = (members: readonly EtcdSeenMember[]): { voters: number; healthy: number } => {
  const voters = members.filter(({ isLearner }) => !isLearner)
  return { voters: voters.length, healthy: voters.filter(({ isHealthy }) => isHealthy).length }
}

/** null: that stage is over. Source: etcd, "Runtime reconfiguration" and "Learner": a lost member goes before another one comes. */
export const nextEtcdMove = (
  members: readonly EtcdSeenMember[],
  wanted: readonly EtcdWantedMember[],
  stage: EtcdStage,
): EtcdMove | { refused: string } | null => {
  const move = chosen(members, wanted, stage)
  if (move === null) return null
  const why = whyNotMove(members, move)
  return why === null ? move : { refused: why }
}

/** What of a quorum stands against that move; null: nothing. */
export const whyNotMove = (members: readonly EtcdSeenMember[], move: EtcdMove): string | null => {
  const now = standing(members)
  if (now.healthy < quorumOf(now.voters))
    return `etcd has no quorum: ${now.healthy} of ${now.voters} members are healthy. Start members until ${quorumOf(now.voters)} are, or restore a snapshot.`
  const then = standing(afterMove(members, move))
  if (then.healthy < quorumOf(then.voters))
    return `To ${move.kind} the etcd member ${move.name} would leave ${then.healthy} healthy of ${then.voters}, fewer than the ${quorumOf(then.voters)} of a quorum. Repair the members that are not healthy first.`
  return null
}

const chosen = (members: readonly EtcdSeenMember[], wanted: readonly EtcdWantedMember[], stage: EtcdStage): EtcdMove | null => {
  const wish = (member: EtcdSeenMember) => wanted.find(({ peerUrl }) => peerUrl === member.peerUrl)
  const remove = (member: EtcdSeenMember): EtcdMove => ({ kind: 'remove', name: member.name || member.peerUrl, member })
  if (stage === 'leave') {
    const surplus = members.find((one) => wish(one) === undefined)
    return surplus === undefined ? null : remove(surplus)
  }
  const lost = members.find((one) => !one.isHealthy && one.name !== '' && (wish(one)?.isBare ?? true))
  if (lost !== undefined) return remove(lost)
  const stranger = members.find((one) => one.isLearner && wish(one) === undefined)
  if (stranger !== undefined) return remove(stranger)
  const learner = members.find(({ isLearner }) => isLearner)
  if (learner !== undefined) return { kind: learner.name === '' ? 'start' : 'promote', name: wish(learner)!.name, member: learner }
  const next = wanted.find(({ peerUrl }) => !members.some((one) => one.peerUrl === peerUrl))
  return next === undefined ? null : { kind: 'add', name: next.name, member: null }
}

const afterMove = (members: readonly EtcdSeenMember[], { kind, name, member }: EtcdMove, peerUrl = ''): EtcdSeenMember[] => {
  const others = members.filter((one) => one !== member)
  if (kind === 'remove') return others
  const own = { ...(member ?? { id: '', peerUrl }), name: kind === 'add' ? '' : name, isHealthy: kind !== 'add' }
  return [...others, { ...own, isLearner: kind !== 'promote' }]
}

/** Every move of both stages, as they would follow if each went well; the last one may be the refusal that ends them. */
export const forecastEtcd = (
  members: readonly EtcdSeenMember[],
  wanted: readonly EtcdWantedMember[],
): { join: EtcdMove[]; leave: EtcdMove[]; refused: string | null } => {
  const found: Record<EtcdStage, EtcdMove[]> = { join: [], leave: [] }
  let state = [...members]
  for (const stage of ['join', 'leave'] as const)
    for (;;) {
      const move = nextEtcdMove(state, wanted, stage)
      if (move === null) break
      if ('refused' in move) return { ...found, refused: move.refused }
      found[stage].push(move)
      state = afterMove(state, move, wanted.find(({ name }) => name === move.name)?.peerUrl)
    }
  return { ...found, refused: null }
}

const verbs: Readonly<Record<EtcdMove['kind'], string>> = {
  add: 'member add --learner',
  start: 'start',
  promote: 'member promote',
  remove: 'member remove',
}

export const tellMove = ({ kind, name }: EtcdMove): string =>
  kind === 'start' ? `${name}: systemctl start etcd, with ETCD_INITIAL_CLUSTER_STATE=existing` : `etcd: ${verbs[kind]} ${name}`
