import type { Member } from './layout'

type Json = Record<string, unknown>

const startedAt = Date.now()
/** Of the real server that was asked: as old as its system identifier. */
const firstIdentifier = 7_400_000_000_000_000_000n
/** A few kB a second in each herd, of another size in each. */
const lsnOf = (herd: number): string =>
  `1A/${(0x1000000 + Math.floor((Date.now() - startedAt) / 250) * (256 + (herd % 64) * 16)).toString(16).toUpperCase()}`
const noisy = (about: number): number => Math.round(about * (0.7 + 0.6 * Math.random()))

/** An answer that was recorded once, as this member would give it now. What is none of the observer's repeated questions stays as it was. */
export const broughtUpToDate = (json: Json, member: Member): Json => {
  if ('isInRecovery' in json) return probe(json, member)
  if ('epoch' in json && 'commits' in json) return counters(json, member)
  return json
}

const probe = (json: Json, { address, herd, isPrimary, herdAddresses, port }: Member): Json => {
  const lsn = lsnOf(herd)
  const common = {
    ...json,
    systemIdentifier: String(firstIdentifier + BigInt(herd)),
    clusterName: null,
    // Two that started in the same microsecond would be one server under two names.
    startedAt: new Date(Date.parse(json.startedAt as string) - 60_000 * herdAddresses.indexOf(address)).toISOString(),
    activity: { clients: noisy(40), transactions: noisy(4), longest: Math.random() * 3 },
  }
  if (isPrimary) {
    const standbys = herdAddresses.slice(1).map((address, n) => ({
      ...{ applicationName: `member${n}`, clientAddress: address, state: 'streaming', syncState: 'async' },
      ...{ sentLsn: lsn, flushLsn: lsn, replayLsn: lsn, lagBytes: 0, slotName: null },
    }))
    return { ...common, currentLsn: lsn, standbys, slots: [] }
  }
  const [primary] = herdAddresses
  const receiver = { ...(json.receiver as Json), sender_host: primary, sender_port: port, slot_name: null }
  return {
    ...common,
    ...{ receivedLsn: lsn, replayedLsn: lsn, replayedSecondsAgo: 0.2, receiver, isReceiving: true, receiverHeardAgo: 0.2, slotName: null },
    primaryConninfo: `host=${primary} port=${port} user=replicator`,
  }
}

const counters = (json: Json, { herd }: Member): Json => {
  const seconds = (Date.now() - startedAt) / 1000
  const grown = (perSecond: number) => Math.round(perSecond * (1 + (herd % 7) / 7) * seconds + noisy(perSecond))
  return {
    ...json,
    at: Date.now() / 1000,
    ...{ active: noisy(4), idle: noisy(36), idleInTransaction: noisy(1), commits: grown(900), rollbacks: grown(5) },
    ...{ blocksRead: grown(200), blocksHit: grown(20_000), tempBytes: grown(10_000), walBytes: grown(2_000_000) },
  }
}
