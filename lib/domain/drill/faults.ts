import { counted } from '../values/counted'

/** What a drill does to a herd, in the order in which it is done: what breaks least first. */
export const faultKinds = ['sessions', 'restart', 'switchover', 'kill-postgres', 'stop-patroni', 'kill-patroni', 'kill-etcd'] as const
export type FaultKind = (typeof faultKinds)[number]

export const faultTitles: Readonly<Record<FaultKind, string>> = {
  sessions: 'End the writers’ sessions',
  restart: 'Restart every member, one by one',
  switchover: 'Switch over',
  'kill-postgres': 'Kill PostgreSQL on the primary (kill -9)',
  'stop-patroni': 'Stop Patroni on the leader (kill -15)',
  'kill-patroni': 'Kill Patroni on the leader (kill -9)',
  'kill-etcd': 'Kill an etcd member (kill -9)',
}

/** What decides what a fault may cost. */
export type Circumstances = {
  isPatroni: boolean
  /** A commit is acknowledged only once a standby has it. */
  isSynchronous: boolean
  /** Of Patroni, seconds; null: not known. */
  ttlSeconds: number | null
  /** How long what was killed stays down before the console starts it again, seconds. */
  downSeconds: number
}

/** Declared before anything is done. `lost` null: not bounded. */
export type Cost = { lost: 0 | null; gapMs: number; because: string }

const seconds = (count: number): number => count * 1_000
/** Patroni needs as long to notice a free key, to promote and to tell everybody. */
const electionSeconds = 30
const usualTtl = 30

/** What the fault may cost at most; more than that is a finding. */
export const costOf = (kind: FaultKind, { isPatroni, isSynchronous, ttlSeconds, downSeconds }: Circumstances): Cost => {
  const ttl = ttlSeconds ?? usualTtl
  const failover: Pick<Cost, 'lost'> = { lost: isSynchronous ? 0 : null }
  const mode = isSynchronous
    ? 'a standby has every acknowledged commit'
    : 'replication is asynchronous, so a failover loses what the standby had not received'
  switch (kind) {
    case 'sessions':
      return { lost: 0, gapMs: seconds(10), because: 'Open transactions are rolled back; clients connect again at once.' }
    case 'restart':
      return {
        lost: 0,
        gapMs: seconds(60),
        because: 'The primary shuts down cleanly and starts again; nobody takes writes in between.',
      }
    case 'switchover':
      return { lost: 0, gapMs: seconds(60), because: 'The candidate is promoted once it has received everything.' }
    case 'kill-postgres':
      return isPatroni
        ? {
            ...failover,
            gapMs: seconds(ttl + electionSeconds),
            because: `Patroni starts it again or fails over; ${mode}.`,
          }
        : {
            lost: 0,
            gapMs: seconds(downSeconds + 60),
            because: `The console starts it again after ${counted(downSeconds, 'second')}; recovery replays the WAL that was flushed.`,
          }
    case 'stop-patroni':
      return {
        lost: 0,
        gapMs: seconds(ttl + electionSeconds),
        because: 'Patroni shuts its server down cleanly and releases the leader key; a standby is promoted.',
      }
    case 'kill-patroni':
      return downSeconds < ttl / 2
        ? {
            lost: 0,
            gapMs: seconds(downSeconds + 10),
            because: `Its server goes on, but a proxy that asks Patroni cuts its clients. Patroni is back after ${counted(downSeconds, 'second')}, before the leader key runs out (ttl ${ttl} s).`,
          }
        : {
            lost: null,
            gapMs: seconds(ttl + electionSeconds),
            because: `The leader key runs out (ttl ${ttl} s) and a standby is promoted; without a watchdog the old primary takes writes until Patroni runs again, and those are lost.`,
          }
    case 'kill-etcd':
      return { lost: 0, gapMs: seconds(10), because: 'The other members keep the majority, so Patroni keeps its leader key.' }
  }
}

export const sayCost = ({ lost, gapMs }: Cost): string =>
  `${lost === 0 ? 'no acknowledged commit lost' : 'loss not bounded'}, ${counted(gapMs / 1_000, 'second')} without a commit at most`
