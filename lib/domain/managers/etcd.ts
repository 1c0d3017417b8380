import { isRecord, list, whole, word } from './found'

/** A member of an etcd cluster, as its own status says; what it did not say is null. */
export interface EtcdMemberState {
  id: string
  name: string
  urls: readonly string[]
  isLeader: boolean
  isLearner: boolean
  /** It answered. */
  isUp: boolean
  version: string | null
  /** Of its file, and what of it is in use: the rest is freed by defragmenting. */
  databaseBytes: number | null
  usedBytes: number | null
  revision: number | null
  /** Why it did not answer. */
  because: string | null
}

/** A certificate that is in use there; `until`: ISO time. */
export interface CertificateSeen {
  use: string
  subject: string | null
  until: string
}

/** What one host can tell of the etcd of its Patroni. Observed; no key or password is ever part of it. */
export interface EtcdSeen {
  /** etcd's own number of the cluster. */
  clusterId: string | null
  endpoints: readonly string[]
  members: readonly EtcdMemberState[]
  /** A read that needs a majority was answered. */
  hasQuorum: boolean
  alarms: readonly { memberId: string; alarm: string }[]
  certificates: readonly CertificateSeen[]
}

const days = (ms: number): number => Math.floor(ms / 86_400_000)
/** A certificate that runs out sooner is named. */
const warnDays = 28

export type EtcdState = 'healthy' | 'degraded' | 'no-quorum'

/** One word for a list, and why. */
export const judgeEtcd = (
  { members, hasQuorum, alarms, certificates }: EtcdSeen,
  now: Date,
): { state: EtcdState; because: string | null } => {
  const down = members.filter(({ isUp }) => !isUp).map(({ name, urls }) => name || urls.join(' '))
  const soon = certificates.filter(({ until }) => days(Date.parse(until) - now.getTime()) < warnDays)
  const said = [
    ...(hasQuorum ? [] : ['no majority answers: Patroni cannot renew the leader key, and a leader demotes itself when it runs out']),
    ...(down.length === 0 ? [] : [`${down.join(', ')} does not answer`]),
    ...alarms.map(({ alarm, memberId }) => `alarm ${alarm} of ${members.find(({ id }) => id === memberId)?.name ?? memberId}`),
    ...soon.map(({ use, until }) => `the certificate of ${use} ends on ${until.slice(0, 10)}`),
  ]
  const state = !hasQuorum ? 'no-quorum' : said.length > 0 ? 'degraded' : 'healthy'
  return { state, because: said.join('; ') || null }
}

const bytes = (value: unknown): number | null => whole(typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value)

/** Observed, never trusted: an object as the host sent it; null where it is none. */
export const etcdSeen = (found: unknown): EtcdSeen | null => {
  if (!isRecord(found)) return null
  const urls = (value: unknown) => (Array.isArray(value) ? value.flatMap((one) => word(one) ?? []).slice(0, 20) : [])
  return {
    clusterId: word(found.clusterId),
    endpoints: urls(found.endpoints),
    members: list(found.members).map((one) => ({
      id: word(one.id) ?? '',
      name: word(one.name) ?? '',
      urls: urls(one.urls),
      isLeader: one.isLeader === true,
      isLearner: one.isLearner === true,
      isUp: one.isUp === true,
      version: word(one.version),
      databaseBytes: bytes(one.databaseBytes),
      usedBytes: bytes(one.usedBytes),
      revision: bytes(one.revision),
      because: word(one.because),
    })),
    hasQuorum: found.hasQuorum === true,
    alarms: list(found.alarms).map((one) => ({ memberId: word(one.memberId) ?? '', alarm: word(one.alarm) ?? '' })),
    certificates: list(found.certificates).flatMap((one) => {
      const until = word(one.until)
      return until === null || Number.isNaN(Date.parse(until)) ? [] : [{ use: word(one.use) ?? '', subject: word(one.subject), until }]
    }),
  }
}
