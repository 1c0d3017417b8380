import { inPgTransaction } from '../pg/transaction'
import { tellFacts } from './observations'

/**
 * Keeps how large the databases of an instance were just now, with its herd's row, and tells listeners on `facts`. An instance that is not registered is
 * passed over. Throws `database.down`.
 */
export const saveSize = (instanceId: string, bytes: number): Promise<void> =>
  inPgTransaction(async (client) => {
    const { rows } = await client.query<{ herdId: string }>(
      'update instances set size_bytes = $2, size_seen_at = now() where id = $1 returning herd_id as "herdId"',
      [instanceId, bytes],
    )
    if (rows.length === 0) return
    await client.query('select herd_facts_members($1::uuid[])', [rows.map(({ herdId }) => herdId)])
    await tellFacts(client, [instanceId])
  })
