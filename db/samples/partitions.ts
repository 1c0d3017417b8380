import { inPgTransaction, type Queryable } from '../pg/transaction'

/** The three tables of samples, what one partition of each spans, and how many are made ahead of the present one. */
export const tiers = {
  samples_fresh: { unit: 'hour', ahead: 3 },
  samples_hourly: { unit: 'day', ahead: 2 },
  samples_daily: { unit: 'month', ahead: 1 },
} as const

export type Tier = keyof typeof tiers

export interface Partition {
  name: string
  from: Date
  to: Date
}

const hourMs = 3_600_000

/** The span of that tier that begins `steps` after the one in which `at` lies, in UTC. */
const startOf = (tier: Tier, at: Date, steps: number): Date => {
  const { unit } = tiers[tier]
  if (unit === 'month') return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + steps))
  const ms = unit === 'hour' ? hourMs : 24 * hourMs
  return new Date((Math.floor(at.getTime() / ms) + steps) * ms)
}

const digits = { hour: 10, day: 8, month: 6 } as const

export const partitionOf = (tier: Tier, at: Date, steps = 0): Partition => {
  const from = startOf(tier, at, steps)
  return {
    name: `${tier}_${from.toISOString().replace(/\D/g, '').slice(0, digits[tiers[tier].unit])}`,
    from,
    to: startOf(tier, at, steps + 1),
  }
}

/** Those there are, oldest first. */
export const partitionsThere = async (client: Queryable, tier: Tier): Promise<Partition[]> => {
  const { rows } = await client.query<{ name: string }>(
    'select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by 1',
    [tier],
  )
  return rows.map(({ name }) => {
    const text = name.slice(tier.length + 1).padEnd(10, '0')
    const [year, month, day, hour] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8), text.slice(8, 10)]
    return partitionOf(tier, new Date(Date.UTC(Number(year), Number(month) - 1, Math.max(1, Number(day)), Number(hour))))
  })
}

/** Makes those that are missing, around and ahead of `now`. Several workers may do so at once. Throws `database.down`. */
export const makePartitions = (now: Date): Promise<void> =>
  inPgTransaction(async (client) => {
    const wanted = (Object.keys(tiers) as Tier[]).flatMap((tier) =>
      Array.from({ length: tiers[tier].ahead + 2 }, (_, n) => ({ tier, ...partitionOf(tier, now, n - 1) })),
    )
    const missing = async () =>
      (
        await client.query<{ name: string }>(
          'select n as name from unnest($1::text[]) n where not exists (select from pg_class c where c.relname = n)',
          [wanted.map(({ name }) => name)],
        )
      ).rows
    if ((await missing()).length === 0) return
    await client.query(`select pg_advisory_xact_lock(hashtext('samples partitions'))`)
    const names = new Set((await missing()).map(({ name }) => name))
    for (const { tier, name, from } of wanted) if (names.has(name)) await makePartition(client, tier, from)
  })

/** The partition that samples of this moment go to, for callers whose moments lie elsewhere than around now. */
export const makePartition = async (client: Queryable, tier: Tier, at: Date): Promise<void> => {
  const { name, from, to } = partitionOf(tier, at)
  await client.query('select samples_add($1, $2, $3, $4)', [tier, name, from, to])
}
