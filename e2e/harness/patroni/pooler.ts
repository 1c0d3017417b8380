import type { Lab } from '@/lib/playground/lab/lab'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { installPooler, pgbouncerText } from '@/lib/playground/services/poolers'

/** A PgBouncer in front of a primary that the lab itself knows nothing of, for the lab's application, as an administrator would set it up. */
export const startPooler = (
  lab: Lab,
  host: string,
  { database, primary }: { database: string; primary: { host: string; port: number } },
): Promise<void> => {
  const text = pgbouncerText([`${database} = host=${primary.host} port=${primary.port} dbname=${database}`])
  return installPooler(lab, host, text, readSecrets(lab.layout).app)
}
