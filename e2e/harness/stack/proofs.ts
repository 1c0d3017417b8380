import pg from 'pg'
import type { Stack } from './stack'

/** Every login of this person becomes as it is eleven minutes after their password was given. */
export const letProofGrowOld = async ({ facts }: Stack, user: string): Promise<void> => {
  const client = new pg.Client({ connectionString: facts.databaseUrl })
  await client.connect()
  try {
    await client.query(
      `update sessions set proved_at = now() - interval '11 minutes' where person_id = (select id from people where user_name = $1)`,
      [user],
    )
  } finally {
    await client.end()
  }
}
