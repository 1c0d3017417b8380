import { refusalText } from '@/lib/domain/replication/refusal'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { Following, Probe, ReplicationAnswer } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'

/** Writing an upstream again needs the whole connection string, and a password is never read. */
export const keepsPassword = ({ title, holdsPassword }: { title: string; holdsPassword: boolean }): Verdict =>
  holdsPassword
    ? refuse(
        `The primary_conninfo of ${title} holds a password, which the console never reads and would lose. Put it into a passfile on that host (~/.pgpass), take it out of primary_conninfo, and reload.`,
      )
    : pass

type Seen = { state: Probe['state']; because: string | null }

/** Unknown is untouchable: only what was seen may be acted on. */
export const wasSeen = ({ state, because }: Seen): Verdict => {
  const why = because === null ? '' : `: ${because.replace(/\.$/, '')}`
  switch (state) {
    case 'unreachable':
      return refuse(`Its host does not answer${why}. An instance that cannot be seen is not touched.`)
    case 'unknown':
      return refuse(`Its state is unknown${why}. An instance that cannot be seen is not touched.`)
    case 'refused':
      return refuse(`PostgreSQL runs, but refuses the console${why}. An instance that cannot be seen is not touched.`)
    case 'absent':
      return refuse(`There is no data directory${why}.`)
    default:
      return pass
  }
}

/** For what needs a server that accepts connections. `instead` says what to do with a stopped one. */
export const acceptsConnections = (seen: Seen, instead = 'start it first'): Verdict => {
  const verdict = wasSeen(seen)
  if (verdict.verdict === 'refuse') return verdict
  switch (seen.state) {
    case 'online':
      return pass
    case 'starting':
      return refuse('It is starting and does not accept connections yet.')
    case 'stopping':
      return refuse('It is shutting down.')
    case 'crashed':
      return refuse(`It has crashed; ${instead}.`)
    default:
      return refuse(`It is stopped; ${instead}.`)
  }
}

/** The last observed row as a gate reads it. */
export const seenRow = (row: Record<string, unknown>): Plain<Pick<Probe, 'state' | 'role' | 'because'>> => ({
  state: (row.state as Probe['state'] | undefined) ?? 'unknown',
  role: (row.role as Probe['role'] | undefined) ?? 'unknown',
  because: typeof row.because === 'string' && row.because !== '' ? row.because : null,
})

/** What the upstream answered when the follower's own host asked it to replicate. */
export const mayReplicate = ({
  reach,
  upstream,
  follower,
  following,
}: {
  reach: Plain<ReplicationAnswer> | null
  upstream: Place | null
  follower: Place
  following: Plain<Following> | null
}): Verdict => {
  if (reach === null || upstream === null || following === null) return pass
  if (reach.works) return passBecause(`${upstream.title} lets it replicate.`)
  return refuse(
    refusalText(reach.because, { upstream: upstream.title, host: follower.address.host.hostname, conninfo: following.conninfo }),
  )
}
