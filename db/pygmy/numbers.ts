import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'

export type NumberedKind = 'cluster' | 'instance' | 'rule'
type Kind = NumberedKind | 'management' | 'dns' | 'exception'

/** Herds and instances begin beyond what a pygmy counts to, so that an import keeps the numbers that scripts know. */
const firstOf: Readonly<Record<Kind, number>> = { cluster: 100_001, instance: 100_001, rule: 1, management: 1, dns: 1, exception: 1 }

export const columnOf = { cluster: 'herd_id', instance: 'instance_id', rule: 'rule_id' } as const satisfies Record<NumberedKind, string>

export const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The next `count` of a kind, which nobody had before. Holds the counter until the transaction ends. */
export const takeNumbers = async (client: Queryable, kind: Kind, count = 1): Promise<number[]> => {
  const { rows } = await client.query<{ last: number }>(
    `insert into pygmy_counters (kind, last) values ($1, $2::int + $3::int - 1)
      on conflict (kind) do update set last = greatest(pygmy_counters.last, $2::int - 1) + $3 returning last`,
    [kind, firstOf[kind], count],
  )
  const { last } = rows[0]!
  return Array.from({ length: count }, (_, index) => last - count + 1 + index)
}

const tableOf = { management: 'pygmy_managements', dns: 'pygmy_names' } as const

/** The number that is wanted, if nobody has it; else the next one. */
export const freeNumber = async (client: Queryable, kind: keyof typeof tableOf, wanted: number | null): Promise<number> => {
  if (wanted !== null) {
    await passNumber(client, kind, wanted)
    const { rowCount } = await client.query(`select from ${tableOf[kind]} where number = $1`, [wanted])
    if (rowCount === 0) return wanted
  }
  return (await takeNumbers(client, kind))[0]!
}

/** Nobody gets this one any more. */
const passNumber = async (client: Queryable, kind: Kind, number: number): Promise<void> => {
  await client.query(
    'insert into pygmy_counters (kind, last) values ($1, $2) on conflict (kind) do update set last = greatest(pygmy_counters.last, $2)',
    [kind, number],
  )
}

/** The number of each of these objects; who has none yet gets one. */
export const numbersOf = (kind: NumberedKind, ids: readonly string[]): Promise<Map<string, number>> =>
  guarded(async () => {
    const column = columnOf[kind]
    const read = async (client: Queryable): Promise<Map<string, number>> => {
      const { rows } = await client.query<{ id: string; number: number }>(
        `select ${column} as id, number from pygmy_numbers where ${column} = any($1)`,
        [ids],
      )
      return new Map(rows.map(({ id, number }) => [id, number]))
    }
    const known = await read(getPool() as Queryable)
    const missing = [...new Set(ids)].filter((id) => !known.has(id))
    if (missing.length === 0) return known
    return inPgTransaction(async (client) => {
      const numbers = await takeNumbers(client, kind, missing.length)
      await client.query(
        `insert into pygmy_numbers (kind, number, ${column}) select $1, number, id from unnest($2::int[], $3::uuid[]) u(number, id) on conflict do nothing`,
        [kind, numbers, missing],
      )
      // Another call may have been first.
      return read(client)
    })
  })

/** What scripts know by this number; null: nothing. */
export const objectOf = (kind: NumberedKind, number: number): Promise<string | null> =>
  guarded(async () => {
    const { rows } = await getPool().query<{ id: string }>(
      `select ${columnOf[kind]} as id from pygmy_numbers where kind = $1 and number = $2`,
      [kind, number],
    )
    return rows[0]?.id ?? null
  })

/** `cluster 249` → the id of what has that number. */
export const holdersOfNumbers = (): Promise<Map<string, string>> =>
  guarded(async () => {
    const { rows } = await getPool().query<{ key: string; id: string }>(
      `select kind || ' ' || number as key, coalesce(herd_id, instance_id, rule_id)::text as id from pygmy_numbers`,
    )
    return new Map(rows.map(({ key, id }) => [key, id]))
  })

/** Gives it the number that scripts know, unless another has it: then it keeps, or gets, one of this console's. `name`: as scripts call a cluster. */
export const claimNumber = (kind: NumberedKind, objectId: string, number: number, name: string | null = null): Promise<boolean> =>
  guarded(async () => {
    await numbersOf(kind, [objectId])
    return inPgTransaction(async (client) => {
      await passNumber(client, kind, number)
      const { rowCount } = await client.query(
        `update pygmy_numbers n set number = $2, name = coalesce($4, name) where ${columnOf[kind]} = $3
          and not exists (select from pygmy_numbers o where o.kind = $1 and o.number = $2 and o.${columnOf[kind]} <> $3)`,
        [kind, number, objectId, name],
      )
      return rowCount === 1
    })
  })
