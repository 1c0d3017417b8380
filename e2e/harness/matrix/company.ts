import { consoleName } from '@/lib/playground/hosts/network'
import { LabError } from '@/lib/playground/machine/error'
import { matrixHerd, pgCtl, start, stop } from './actions'
import type { Cast } from './canon'
import type { Front } from './front'
import type { LabHerd } from './herd'
import { type Company, type Deed, deeds, movesPoolers } from './trouble'

/** What somebody did. */
export interface Met {
  company: Company
  did: Deed
  host: string
  /** The poolers were pointed to it by hand. */
  hasMovedPoolers: boolean
  /** It was promoted by hand. */
  hasPromoted: boolean
}

/** Asked on its own host, as somebody does who is logged in there. */
interface Member {
  host: string
  stands: 'writes' | 'follows' | 'down' | 'off' | 'frozen'
  /** The address that it streams from; '': nobody. */
  sender: string
}

const lookTimeoutMs = 5_000
const memberSql = `select pg_is_in_recovery(), coalesce((select sender_host from pg_stat_wal_receiver where status = 'streaming'), '')`

const herdOf = ({ lab }: LabHerd) => lab.fleet.herds.find(({ name }) => name === matrixHerd)!

/** Proven down: what did not answer may be alive, and is then turned off like one that is frozen. */
const isDown = async ({ lab }: LabHerd, host: string): Promise<boolean> => {
  const { postgresMajor, herds } = lab.fleet
  const { dataDirectory } = herds.find(({ name }) => name === matrixHerd)!
  const argv = [`/usr/lib/postgresql/${postgresMajor}/bin/pg_ctl`, '-D', dataDirectory, 'status']
  const { code } = await lab.hosts.exec(host, argv, { timeoutMs: lookTimeoutMs }).catch(() => ({ code: null }))
  return code === noServer || code === noDirectory
}
/** Exit codes of `pg_ctl status`. */
const [noServer, noDirectory] = [3, 4]

const lookAtAll = (lab: LabHerd): Promise<Member[]> => {
  const { members, port } = herdOf(lab)
  return Promise.all(
    members.map(async ({ host }): Promise<Member> => {
      if (!lab.lab.hosts.mark(host)) return { host, stands: 'off', sender: '' }
      const argv = ['psql', '-XqAt', '-p', String(port), '-c', memberSql]
      const { code, stdout } = await lab.lab.hosts.exec(host, argv, { timeoutMs: lookTimeoutMs }).catch(() => ({ code: null, stdout: '' }))
      const [isStandby, sender = ''] = stdout.trim().split('|')
      if (code !== 0) return { host, stands: code !== null && (await isDown(lab, host)) ? 'down' : 'frozen', sender: '' }
      return { host, stands: isStandby === 't' ? 'follows' : 'writes', sender }
    }),
  )
}

/** Whoever acts looks first: nobody makes a second primary, nor a primary of one that lacks what another one wrote. Answers the member that leads then; null: nothing of the kind can be done. */
const promote = async (lab: LabHerd, host: string): Promise<string | null> => {
  const members = await lookAtAll(lab)
  const writers = members.filter(({ stands }) => stands === 'writes')
  const own = members.find((one) => one.host === host)!
  const [writer] = writers
  if (own.stands !== 'follows' || writers.length > 1) return null
  if (writer !== undefined) {
    if (own.sender !== lab.lab.host(writer.host).address) return null
    await stop(lab, writer.host)
  }
  await keepDown(lab, members)
  await pgCtl(lab, host, 'promote')
  return host
}

/** One whose host is off comes back as a standby; one that is frozen may write when it goes on, so it is turned off first. */
const keepDown = async (lab: LabHerd, members: readonly Member[]): Promise<void> => {
  const { dataDirectory } = herdOf(lab)
  for (const { host } of members.filter(({ stands }) => stands === 'frozen')) await lab.lab.powerOff(host)
  for (const { host, stands } of members)
    if (stands === 'off' || stands === 'frozen')
      lab.lab.hosts.writeFile(host, `${dataDirectory}/standby.signal`, '', { mode: 0o600, owner: 'postgres' })
}

/** As a primary where no member takes writes, else as the standby that its files say it is. */
const startStopped = async (lab: LabHerd, { primary }: Cast): Promise<string | null> => {
  const { dataDirectory } = herdOf(lab)
  const members = await lookAtAll(lab)
  const down = members.toSorted((a, b) => Number(b.host === primary) - Number(a.host === primary)).find(({ stands }) => stands === 'down')
  if (down === undefined) return null
  const { host } = down
  const isStandby = (await lab.lab.hosts.exec(host, ['test', '-e', `${dataDirectory}/standby.signal`])).code === 0
  const isLed = members.some(({ stands }) => stands === 'writes')
  if (isLed && !isStandby) return null
  if (!isLed) {
    await keepDown(lab, members)
    await lab.lab.hosts.mustExec(host, ['rm', '-f', `${dataDirectory}/standby.signal`])
  }
  // What was stopped in the middle of being made over may not start for anybody: then nothing came of it.
  return start(lab, host).then(
    () => host,
    (error) => {
      if (error instanceof LabError) return null
      throw error
    },
  )
}

const acting: Record<Deed, (lab: LabHerd, cast: Cast) => Promise<string | null>> = {
  'promotes the candidate': (lab, { candidate }) => promote(lab, candidate),
  'promotes the third': (lab, { third }) => promote(lab, third),
  'starts the stopped one': startStopped,
  'promotes the third and moves the poolers': (lab, { third }) => promote(lab, third),
}

/** Somebody does it, or else the next of the deeds that can be done, and hides it where that is wanted. null: there was nothing to do. */
export const meet = async (lab: LabHerd, cast: Cast, front: Front | null, company: Company): Promise<Met | null> => {
  const possible = deeds.filter((does) => front !== null || !movesPoolers(does))
  const first = possible.indexOf(company.does)
  for (const did of [...possible.slice(first), ...possible.slice(0, first)]) {
    const host = await acting[did](lab, cast)
    if (host === null) continue
    const hasMovedPoolers = movesPoolers(did)
    if (hasMovedPoolers) await front!.pointTo(host)
    const met = { company, did, host, hasMovedPoolers, hasPromoted: did !== 'starts the stopped one' }
    await hide(lab, met)
    return met
  }
  return null
}

/** From the console alone: the others still reach it. */
export const hide = async ({ lab }: LabHerd, { company, host }: Met): Promise<void> => {
  if (company.isHidden) await lab.network.cutBetween(consoleName, host)
}

export const unhide = ({ lab }: LabHerd, { host }: Met): Promise<void> => lab.network.heal(host)
