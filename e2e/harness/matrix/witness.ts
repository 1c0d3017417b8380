import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Lab } from '@/lib/playground/lab/lab'

/** What a client on the host itself was told: it was a standby, or that a row with this id is committed. */
interface Told {
  host: string
  /** Seconds by the machine's one clock. */
  at: number
  id: string | null
}

export interface Witness {
  /** Makes the ledger on the server of this host, which must take writes. */
  begin: (primary: string) => Promise<void>
  /** What was told before does not count. */
  forget: () => void
  /** Hosts on which a commit was acknowledged since `forget`, in order, without repetition of neighbours: one that is the primary again after another comes twice. `sinceSeconds`: only from then on. */
  writers: (sinceSeconds?: number) => string[]
  /** Acknowledged rows since `forget` that the server of this host does not hold. */
  lostOn: (host: string) => Promise<string[]>
  close: () => void
}

const everySeconds = 0.1

/** Commits a row where the server takes writes, and says so only once PostgreSQL has acknowledged it. */
const setupSql = `create table if not exists witness (id uuid primary key);
create or replace function bear_witness() returns text language plpgsql as $$
declare made uuid := gen_random_uuid();
begin
  if pg_is_in_recovery() then return 'standby'; end if;
  insert into witness values (made);
  return made;
end $$;`
const tellSql = `select 'told', extract(epoch from clock_timestamp()), bear_witness() \\watch ${everySeconds}`

/**
 * A client on every host, over the local socket, that commits a row ten times a second wherever it is let: no cut of the network hides a second primary from
 * it, and its ledger says what must not be lost. It dies with its host and freezes with it.
 */
export const openWitness = (lab: Lab, port: number, hosts: readonly string[]): Witness => {
  let told: Told[] = []
  let isClosed = false
  const clients = new Map<string, ChildProcess>()
  const psql = [
    `/usr/lib/postgresql/${lab.fleet.postgresMajor}/bin/psql`,
    '-h',
    '/var/run/postgresql',
    '-d',
    'postgres',
    '-XqAt',
    '-F',
    ' ',
    '-p',
    String(port),
    '-v',
    'ON_ERROR_STOP=1',
  ]
  const loop = `while :; do echo "$0" | ${psql.map((word) => `'${word}'`).join(' ')} 2> /dev/null; sleep ${everySeconds}; done`

  const watch = (host: string): void => {
    if (isClosed || clients.has(host) || !lab.hosts.mark(host)) return
    const [command, ...args] = lab.hosts.execArgv(host, ['bash', '-c', loop, tellSql])
    const client = spawn(command!, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    clients.set(host, client)
    createInterface({ input: client.stdout! }).on('line', (line) => {
      const [word, at, id] = line.split(' ')
      if (word === 'told') told.push({ host, at: Number(at), id: id === 'standby' ? null : id! })
    })
    client.once('exit', () => {
      clients.delete(host)
      setTimeout(() => watch(host), 50)
    })
  }
  const again = setInterval(() => {
    for (const host of hosts) watch(host)
    // nsenter stops itself with what it runs inside; stopped, it would keep a host from losing power.
    for (const client of clients.values()) client.kill('SIGCONT')
  }, 200)
  return {
    begin: async (primary) => {
      await lab.hosts.mustExec(primary, [...psql, '-c', setupSql])
    },
    forget: () => {
      told = []
    },
    writers: (sinceSeconds = 0) =>
      told
        .filter(({ id, at }) => id !== null && at >= sinceSeconds)
        .toSorted((a, b) => a.at - b.at)
        .map(({ host }) => host)
        .filter((host, index, all) => host !== all[index - 1]),
    lostOn: async (host) => {
      const acked = told.flatMap(({ id }) => id ?? [])
      const held = new Set((await lab.hosts.mustExec(host, [...psql, '-c', 'select id from witness'])).split('\n'))
      return acked.filter((id) => !held.has(id))
    },
    close: () => {
      isClosed = true
      clearInterval(again)
      for (const client of clients.values()) client.kill('SIGKILL')
    },
  }
}
