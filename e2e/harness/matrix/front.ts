import { adoptFile } from '@/lib/domain/poolers/template'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { SwitchoverFacts } from '@/lib/operations/switchover/facts'
import { type RunningLoad, startLoad, verify } from '@/lib/playground/lab/load-cli'
import { readLedger } from '@/lib/playground/load/ledger'
import { until } from '@/lib/playground/machine/processes'
import { poolerPort } from '@/lib/playground/services/poolers'
import type { InventoryPooler } from '@/lib/ports'
import { type Cast, isWritable, probeOf } from './canon'
import type { LabHerd } from './herd'

/** The poolers of a herd, and sixteen writers through them for the length of a case. */
export interface Front {
  /** Every pooler points to the primary and is not paused; the writers have commits. */
  begin: (cast: Cast) => Promise<void>
  /** The worker is dead, and the next one comes only when the timers have done what they can. Answers laws that are broken. */
  untilTimersRang: (lines: readonly JournalLine[]) => Promise<string[]>
  /** Laws that are broken now that the job has ended; the writers end with it. `wasCut`: a host that served them was lost, so that they may have seen it. */
  judge: (lines: readonly JournalLine[], state: JobState, cast: Cast, wasCut?: boolean) => Promise<string[]>
  /** As `judge` where somebody else has acted: nobody waits although a member takes writes, nothing is lost, and clients that were led to `led` by hand go there as long as it takes writes. */
  judgeCompany: (lines: readonly JournalLine[], led: string | null) => Promise<string[]>
  /** By hand: every pooler points to the server of this host, and its clients go on. */
  pointTo: (host: string) => Promise<void>
  end: () => Promise<void>
}

const writers = 16
/** Between two rows of one of them, at most. */
const pauseMs = 150
/** The timers’ fifteen seconds, and what a busy machine needs to ask, reload and resume. */
const waitMostMs = 20_000
/** With a host lost that served them: its own time, the job’s that goes on without it and asks, and a client’s patience with a connection that is gone. */
const waitMostCutMs = 120_000
/** Left on each timer once its worker is dead, so that a case does not last as long as its clients might wait. */
const leftMs = 500
const limits = { timeoutMs: 30_000 }
const patience = { timeoutMs: 60_000, everyMs: 50 }

/** Gives the console the poolers’ files as templates: the lines that point to the herd’s first member follow its primary. */
export const openFront = async (lab: LabHerd, herdName: string): Promise<Front> => {
  const herd = lab.lab.fleet.herds.find(({ name }) => name === herdName)!
  const members = herd.members.map(({ host }) => host)
  const poolers = [...lab.poolers.values()]
  const hosts = poolers.map(({ address }) => address.host.hostname)
  const aimOf = (host: string) => ({ host: lab.lab.host(host).address, port: herd.port })
  for (const { id, address } of poolers) {
    const file = await lab.ports.read.poolers.readFile(address, limits)
    await lab.ports.act.inventory.managePooler(id, adoptFile(file!.text, aimOf(members[0]!)), limits)
  }

  let load: RunningLoad | null = null
  let ledgers = 0
  let settings: string[] = []
  let slots: string[] = []
  const acked = () => [...readLedger(load!.ledgerFile).outcomes.values()].filter((outcome) => outcome === 'acked').length
  const areServed = async (what: string): Promise<string[]> => {
    const before = acked()
    const isServed = () => acked() > before + writers
    return until('commits', isServed, patience).then(
      () => [],
      () => [`${what}, and nobody is served`],
    )
  }
  const psql = (host: string, port: number, database: string, sql: string) =>
    lab.lab.hosts.mustExec(host, ['psql', '-XqAt', '-h', '/var/run/postgresql', '-p', String(port), '-d', database, '-c', sql])
  const console = async ({ address }: InventoryPooler, commands: readonly string[]) => {
    const words = commands.flatMap((command) => ['-c', command])
    const login = ['-h', address.socketDirectory, '-p', String(poolerPort), '-U', 'pgbouncer', '-d', 'pgbouncer']
    await lab.lab.hosts.exec(address.host.hostname, ['psql', '-XqAt', ...login, ...words])
  }
  const textFor = ({ template }: InventoryPooler, host: string): string =>
    template!.replaceAll('{{host}}', aimOf(host).host).replaceAll('{{port}}', String(herd.port))
  const reset = async (pooler: InventoryPooler, primary: string): Promise<void> => {
    const { host, configPath } = pooler.address
    lab.lab.hosts.writeFile(host.hostname, configPath, textFor(pooler, primary), { mode: 0o640, owner: 'postgres' })
    const { databases } = await lab.ports.read.poolers.look(pooler.address, limits)
    await console(pooler, ['RELOAD', 'RESUME', ...databases.map(({ name }) => `RESUME "${name}"`)])
  }
  /** What was set on a member by ALTER SYSTEM; whom it follows changes with each move. */
  const settingsOf = async (host: string): Promise<string> => {
    const sql = `select coalesce(string_agg(name || ' = ' || setting, ', ' order by name), 'nothing') from pg_file_settings
      where sourcefile like '%postgresql.auto.conf' and name not like 'primary%'`
    return `${host}: ${await psql(host, herd.port, 'postgres', sql)}`.trim()
  }
  const slotsOf = async (host: string): Promise<string> => {
    const sql = `select coalesce(string_agg(slot_name, ', ' order by slot_name), 'none') from pg_replication_slots where not temporary`
    return `${host}: ${await psql(host, herd.port, 'postgres', sql)}`.trim()
  }
  const allOf = (of: (host: string) => Promise<string>) => Promise.all(members.map(of))
  const writable = async (): Promise<string | undefined> => {
    const seen = await Promise.all(members.map(async (host) => ({ host, probe: await probeOf(lab, host) })))
    return seen.find(({ probe }) => isWritable(probe))?.host
  }
  /** The clients do not wait for what is left of their time. */
  const ring = async (lines: readonly JournalLine[]) => {
    const armed = (await timersOf(lines)).filter(({ state }) => state === 'armed')
    for (const { address, key } of armed) await lab.ports.act.poolers.extendDeadMan(address, { key, expiryMs: leftMs, token: 0 }, limits)
    return armed
  }
  const timersOf = (lines: readonly JournalLine[]) => {
    const gathered = lines.find((line) => line.kind === 'gathered')
    if (gathered?.kind !== 'gathered') return Promise.resolve([])
    const { timers } = gathered.facts as SwitchoverFacts
    return Promise.all(
      poolers.map(async ({ title, address }) => ({
        title,
        address,
        key: timers.key,
        ...(await lab.ports.read.poolers.deadMan(address, timers.key, limits)),
      })),
    )
  }
  /** Those on hosts that were lost when the job ended are over before anybody is judged. */
  const ringOut = async (lines: readonly JournalLine[]) => {
    if ((await ring(lines)).length === 0) return
    const areOver = async () => (await timersOf(lines)).every(({ state }) => state !== 'armed' && state !== 'firing')
    await until('the timers that were left to ring', areOver, patience).catch(() => {})
  }
  const end = async () => {
    const running = load
    load = null
    return running?.stop()
  }

  const poolerLaws = async (pooler: InventoryPooler, leader: string): Promise<string[]> => {
    const { title, address } = pooler
    const { databases, isPausedWhole } = await lab.ports.read.poolers.look(address, limits)
    const file = await lab.ports.read.poolers.readFile(address, limits)
    const log = await lab.lab.hosts.mustExec(address.host.hostname, ['cat', '/var/log/postgresql/pgbouncer.log'])
    const held = databases.filter(({ isPaused }) => isPaused).map(({ name }) => name)
    const strangers = databases.filter(({ port }) => port !== herd.port)
    const ours = databases.filter(({ port }) => port === herd.port)
    const led = ours.filter(({ host }) => host !== aimOf(leader).host).map(({ name, host }) => `${name} to ${host}`)
    return [
      ...(isPausedWhole ? [`${title} stays paused as a whole`] : []),
      ...(held.length > 0 ? [`${title} stays paused: ${held.join(', ')}`] : []),
      ...(led.length > 0 ? [`${leader} leads, and ${title} leads ${led.join(', ')}`] : []),
      ...(file?.text === textFor(pooler, leader) ? [] : [`the file of ${title} is not the one for ${leader}`]),
      ...strangers.flatMap(({ name }) =>
        log.includes(`PAUSE '${name}'`) ? [`${name} on ${title} is another herd’s, and was paused`] : [],
      ),
    ]
  }
  const timerLaws = ({ title, state }: { title: string; state: string }, lines: readonly JournalLine[]): string[] => {
    const says = (what: string) =>
      lines.some((line) => line.kind === 'note' && line.text.startsWith(`The timer on the host of ${title} ${what}`))
    const isLeft = says('could not be disarmed')
    const isTold = says('has fired') || isLeft
    // One that went down with its host is lost.
    if (state === 'lost' && isLeft) return []
    if (state === 'fired') return isTold ? [] : [`the timer of ${title} has fired, and the journal does not say so`]
    return ['absent', 'disarmed', 'overtaken'].includes(state) ? [] : [`the timer of ${title} is ${state}`]
  }
  const canariesOn = async (leader: string): Promise<string[]> => {
    const sql = `select count(*) from pg_namespace where nspname = 'matriarch_canary'`
    const counts = await Promise.all([herd.baseName, 'postgres'].map((database) => psql(leader, herd.port, database, sql)))
    return counts.every((count) => count.trim() === '0') ? [] : ['the canary’s schema is left behind']
  }
  /** `isParked`: it could not be put under the new primary, and the job says so by name; it may follow as it did. */
  const follows = async (host: string, leader: string, isParked: boolean): Promise<string[]> => {
    let said = ''
    const isThere = async () => {
      const { state, upstream } = await probeOf(lab, host)
      said = `${state}, ${upstream?.status ?? 'no receiver'} from ${upstream?.host ?? 'nobody'}`
      return state === 'online' && upstream?.status === 'streaming' && (isParked || upstream.host === aimOf(leader).host)
    }
    return until(`${host} to stream`, isThere, patience).then(
      () => [],
      () => [`${host} does not stream from ${leader}: ${said}`],
    )
  }
  const parkedIn = (lines: readonly JournalLine[]): string[] => {
    const followed = lines.findLast((line) => line.kind === 'finished' && line.step === 'followers')
    const gathered = lines.findLast((line) => line.kind === 'gathered')
    const said = followed?.kind === 'finished' ? followed.output : gathered?.kind === 'gathered' ? gathered.facts : { parked: [] }
    const { parked } = said as { parked: { title: string }[] }
    return parked.map(({ title }) => title)
  }
  const clientLaws = async (wasCut: boolean): Promise<string[]> => {
    const { ledgerFile } = load!
    const { failed, unknown, longestWaitMs } = (await end())!
    const { lost, duplicate, phantom } = await verify(lab.lab, herdName, ledgerFile)
    return [
      ...(failed + unknown > 0 && !wasCut ? [`clients saw ${failed} errors, and ${unknown} lost their connection`] : []),
      ...(longestWaitMs > (wasCut ? waitMostCutMs : waitMostMs) ? [`a client waited ${Math.round(longestWaitMs)} ms`] : []),
      ...(lost.length > 0 ? [`${lost.length} acknowledged commits of clients are lost`] : []),
      ...(duplicate.length + phantom.length > 0 ? [`${duplicate.length} commits are there twice, ${phantom.length} although refused`] : []),
    ]
  }
  const differing = (what: string, before: readonly string[], after: readonly string[]): string[] =>
    after.flatMap((one, index) => (one === before[index] ? [] : [`${what} of ${one}; before, ${before[index]}`]))

  return {
    begin: async ({ primary }) => {
      await end()
      await Promise.all(poolers.map((pooler) => reset(pooler, primary)))
      ledgers += 1
      const ledgerFile = lab.lab.layout.at(`ledger-front-${ledgers}`)
      load = await startLoad(lab.lab, herdName, { ledgerFile, writers, pauseMs, through: hosts })
      ;[settings, slots] = await Promise.all([allOf(settingsOf), allOf(slotsOf)])
    },
    untilTimersRang: async (lines) => {
      await ring(lines)
      // While no member takes writes they keep asking and clients stay paused, until the next worker decides which is the primary.
      const areOver = async () => {
        const now = await timersOf(lines)
        if (now.every(({ state }) => state !== 'armed' && state !== 'firing')) return true
        return (
          now.every(({ state, leftMs }) => state !== 'firing' && (state !== 'armed' || leftMs === 0)) && (await writable()) === undefined
        )
      }
      const stuck = await until('the timers to ring', areOver, patience).then(
        () => [],
        () => ['a timer does not let the clients go on although somebody takes writes'],
      )
      const leader = await writable()
      return leader === undefined ? stuck : [...stuck, ...(await areServed(`the worker is dead, ${leader} takes writes`))]
    },
    judge: async (lines, state, cast, wasCut = false) => {
      const leader = await writable()
      if (leader === undefined) return ['nobody takes writes']
      const wanted = state === 'done' ? cast.candidate : cast.primary
      await ringOut(lines)
      const served = await areServed(`${state}, ${leader} leads`)
      const broken = await Promise.all([
        leader === wanted ? [] : [`${state}, and ${leader} leads`],
        ...poolers.map((pooler) => poolerLaws(pooler, leader)),
        ...members
          .filter((host) => host !== leader)
          .map((host) => follows(host, leader, parkedIn(lines).includes(lab.instance(host).title))),
        canariesOn(leader),
        timersOf(lines).then((timers) => timers.flatMap((timer) => timerLaws(timer, lines))),
        allOf(settingsOf).then((after) => differing('the settings', settings, after)),
        state === 'done' ? [] : allOf(slotsOf).then((after) => differing('the slots', slots, after)),
      ])
      const replaced = [...lab.replaced.keys()].map((id) => `${id} counts as replaced`)
      return [...served, ...broken.flat(), ...replaced, ...(await clientLaws(wasCut))]
    },
    judgeCompany: async (lines, led) => {
      const leader = await writable()
      if (leader === undefined) return []
      await ringOut(lines)
      const broken = await Promise.all(
        poolers.map(async ({ title, address }) => {
          const { databases, isPausedWhole } = await lab.ports.read.poolers.look(address, limits)
          const ours = databases.filter(({ port }) => port === herd.port)
          const away = ours
            .filter(({ host }) => led === leader && host !== aimOf(leader).host)
            .map(({ name, host }) => `${name} to ${host}`)
          return [
            ...(isPausedWhole || ours.some(({ isPaused }) => isPaused) ? [`clients of ${title} wait although ${leader} takes writes`] : []),
            ...(away.length > 0 ? [`${leader} was promoted and given the clients by hand, and ${title} leads ${away.join(', ')}`] : []),
          ]
        }),
      )
      const { ledgerFile } = load!
      await end()
      const { lost } = await verify(lab.lab, herdName, ledgerFile)
      return [...broken.flat(), ...(lost.length > 0 ? [`${lost.length} acknowledged commits of clients are lost`] : [])]
    },
    pointTo: async (host) => void (await Promise.all(poolers.map((pooler) => reset(pooler, host)))),
    end: async () => void (await end()),
  }
}
