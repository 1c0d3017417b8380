import { openSpotStage, type SpotStage } from '@/e2e/harness/spot-stage'
import { loadTarget, startLoad, verify } from '@/lib/playground/lab/load-cli'
import { until } from '@/lib/playground/machine/processes'
import { numberOf } from './numbers'

/** The seed asks about its machine every so often: on the mean it learns after half of it that the machine is gone. */
const seedPollSeconds = 60
const patienceMs = 300_000
/** Of the notice after which a machine is really gone. */
const takenSeconds = 30

interface Eviction {
  waitMs: number
  errors: number
  lost: number
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Every member is up, and the standbys stream. */
const untilWhole = async ({ lab }: SpotStage): Promise<void> => {
  const argv = [
    'psql',
    '-XAtqc',
    'select pg_is_in_recovery() and coalesce((select status from pg_stat_wal_receiver) <> $$streaming$$, true)',
  ]
  const isWhole = async (): Promise<boolean> => {
    const said = await Promise.all(['a', 'b', 'c'].map((host) => lab.hosts.exec(host, argv).catch(() => ({ stdout: 't' }))))
    return said.every(({ stdout }) => stdout.trim() === 'f')
  }
  await until('every member to be up and to stream', isWhole, { timeoutMs: patienceMs, everyMs: 300 })
}

/** The last one is taken for good; the others stay once the herd has left them, so that the next notice finds three machines again. */
const withStandby = async (stage: SpotStage, number: number, isTaken: boolean): Promise<Eviction> => {
  const { lab } = stage
  const primary = await stage.primary()
  if (primary === null) throw new Error('No member is primary.')
  const ledgerFile = lab.layout.at(`ledger-${number}`)
  const load = await startLoad(lab, 'app', { ledgerFile, seed: number, writers: 4, through: ['front'] })
  await stage.evict(primary, isTaken ? takenSeconds : 120)
  await stage.untilSafe()
  if (isTaken) await until(`${primary} to be gone`, () => lab.hosts.mark(primary) === undefined, { timeoutMs: patienceMs })
  const { failed, unknown, longestWaitMs } = await load.stop()
  const { lost } = await verify(lab, 'app', ledgerFile)
  if (!isTaken) {
    await stage.withdraw(primary)
    await untilWhole(stage)
  }
  return { waitMs: longestWaitMs, errors: failed + unknown, lost: lost.length }
}

/** A machine without a standby as the seed replaces it: half a poll, then boot another one on the same volume and wait for PostgreSQL. Its launch and attaching take no time here. */
const bySeed = async ({ lab }: SpotStage, host: string): Promise<number> => {
  await lab.powerOff(host)
  const startedAt = performance.now()
  await lab.powerOn(host)
  const { database } = loadTarget(lab, 'app')
  const argv = ['psql', '-XAtqd', database, '-c', 'select 1']
  await until(`${host} to answer`, async () => (await lab.hosts.exec(host, argv).catch(() => ({ stdout: '' }))).stdout.trim() === '1', {
    timeoutMs: patienceMs,
    everyMs: 100,
  })
  return (seedPollSeconds / 2) * 1000 + performance.now() - startedAt
}

/** `--count N`: notices for the machine of the primary. */
export const bench = async (args: string[]) => {
  const count = numberOf(args, '--count', 20)
  const stage = await openSpotStage()
  try {
    const evictions: Eviction[] = []
    for (let number = 1; number <= count; number++) evictions.push(await withStandby(stage, number, number === count))
    const seedMs = await bySeed(stage, (await stage.primary()) ?? 'a')
    const waits = evictions.map(({ waitMs }) => waitMs)
    const sum = (of: (one: Eviction) => number) => evictions.reduce((total, one) => total + of(one), 0)
    const [errors, lost] = [sum((one) => one.errors), sum((one) => one.lost)]
    const standbyMs = median(waits)
    console.log(`\n${count} notices for the machine of the primary under 4 writers behind PgBouncer; the last one is taken\n`)
    console.log(
      `through a standby    median ${standbyMs.toFixed(0)} ms, longest ${Math.max(...waits).toFixed(0)} ms without a commit; ${errors} errors, ${lost} lost`,
    )
    console.log(`the seed's way       ${seedMs.toFixed(0)} ms: half of its ${seedPollSeconds} s poll, and a host that boots on the volume`)
    return {
      bench: 'eviction',
      peer: 'poll every 60 s, then boot on the volume',
      ratio: Number((seedMs / standbyMs).toFixed(3)),
      ...{ standbyMs: Math.round(standbyMs), longestMs: Math.round(Math.max(...waits)), seedMs: Math.round(seedMs), errors, lost, count },
    }
  } finally {
    await stage.close()
  }
}
