import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { HostAddress, HostCheckStep } from '@/lib/ports'
import { databaseFault, getPool, listen } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { writeAudit } from '../trail/audit'

/** A host that is not registered, as a server of this environment would be reached. */
export interface HostToCheck {
  environmentId: string
  address: string
  sshPort: number
  sshUser: string
  /** null: the key that it shows is told, and nothing runs there. */
  hostKey: string | null
  profile: string
}

/** A person may have so many that are not answered: each holds a worker for up to a minute. */
const openMax = 3
/** A worker that died at it leaves it to another one after this long. */
const claimSeconds = 75
/** After this long nobody waits for it any more. */
const wantedSeconds = 90
/** Without a worker, this is how long one is hoped for. */
const absentAfterMs = 3_000

/**
 * Has a worker check it. For who may register a server there: the environment’s key is tried on it, which the audit log tells. Throws `record.missing`,
 * `access.denied`, `limit.reached`.
 */
export const askHostCheck = (actor: Actor, host: HostToCheck): Promise<string> =>
  inPgTransaction(async (client, tx) => {
    const { environmentId, address, sshPort, sshUser, hostKey, profile } = host
    const { rowCount } = await client.query('select from environments where id = $1', [environmentId])
    if (rowCount === 0 || !mayIn(actor, 'environment.view', environmentId)) throw new Fault('record.missing')
    if (!mayIn(actor, 'server.add', environmentId))
      throw new Fault('access.denied', { because: 'Hosts are checked by those who may register servers in the environment.' })
    // Two at once count one another.
    await client.query(`select pg_advisory_xact_lock(hashtext('host checks'), hashtext(coalesce($1, '')))`, [actor.personId])
    const { rows } = await client.query<{ id: string }>(
      `insert into host_checks (environment_id, address, ssh_port, ssh_user, host_key, profile, person_id)
       select $1, $2, $3, $4, $5, $6, $7::uuid
       where (select count(*) from host_checks where person_id is not distinct from $7::uuid and ended_at is null
         and asked_at > now() - interval '${wantedSeconds} seconds') < ${openMax}
       returning id`,
      [environmentId, address, sshPort, sshUser, hostKey, profile, actor.personId],
    )
    const [row] = rows
    if (!row) throw new Fault('limit.reached', { because: `You have ${openMax} hosts being checked. Wait until one has ended.` })
    await writeAudit(tx, actor, {
      act: 'host.check',
      resource: 'server',
      title: address,
      environmentId,
      detail: { port: sshPort, user: sshUser, hasHostKey: hostKey !== null },
    })
    await client.query(`select pg_notify('looks', '')`)
    return row.id
  })

export interface HostChecked {
  steps: HostCheckStep[] | null
  because: string | null
}

/** Waits for its end. Throws `worker.absent`, `plan.failed` after 90 s, `record.missing`; ends at once with the signal. */
export const waitHostCheck = async (id: string, signal: AbortSignal): Promise<HostChecked> => {
  const startedAt = Date.now()
  let wake = () => {}
  const unlisten = await listen('looked', (ended) => {
    if (ended === '' || ended === id) wake()
  })
  try {
    for (;;) {
      const news = new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, absentAfterMs).unref()
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      const row = await readCheck(id)
      if (row.isOver) return { steps: row.steps, because: row.because }
      signal.throwIfAborted()
      const waitedMs = Date.now() - startedAt
      if (!row.isTaken && waitedMs >= absentAfterMs && row.isAlone) throw new Fault('worker.absent')
      if (waitedMs > wantedSeconds * 1000)
        throw new Fault('plan.failed', { because: 'The check did not end in time. Look at the worker’s log.' })
      await news
    }
  } finally {
    unlisten()
  }
}

type CheckRow = HostChecked & { isOver: boolean; isTaken: boolean; isAlone: boolean }

const readCheck = async (id: string): Promise<CheckRow> => {
  try {
    const { rows } = await getPool().query<CheckRow>(
      `select steps, because, ended_at is not null as "isOver", claimed_until is not null as "isTaken",
         not exists (select from workers where seen_at > now() - interval '30 seconds') as "isAlone" from host_checks where id = $1`,
      [id],
    )
    if (!rows[0]) throw new Fault('record.missing')
    return rows[0]
  } catch (error) {
    throw databaseFault(error)
  }
}

export interface ClaimedHostCheck {
  id: string
  address: HostAddress
  profile: string
}

interface ClaimedRow extends Omit<HostToCheck, 'environmentId'> {
  id: string
  environmentId: string
}

/** Those that wait and that no other worker is at: they are this one's for a while. */
export const claimHostChecks = async (max: number): Promise<ClaimedHostCheck[]> => {
  const { rows } = await getPool().query<ClaimedRow>(
    `update host_checks set claimed_until = now() + interval '${claimSeconds} seconds' where id in (
       select id from host_checks where ended_at is null and asked_at > now() - interval '${wantedSeconds} seconds'
         and (claimed_until is null or claimed_until < now()) order by asked_at limit $1 for update skip locked)
     returning id, environment_id as "environmentId", address, ssh_port as "sshPort", ssh_user as "sshUser", host_key as "hostKey", profile`,
    [max],
  )
  return rows.map(({ id, environmentId, address, sshPort: port, sshUser: user, hostKey, profile }) => ({
    id,
    profile,
    address: {
      serverId: '',
      environmentId,
      hostname: address,
      address,
      port,
      user,
      hostKey,
      ...(profile === 'rds' ? { endpoint: { usesIamToken: false } } : {}),
    },
  }))
}

export const saveHostCheck = async (id: string, { steps, because }: HostChecked): Promise<void> => {
  await getPool().query(
    `with saved as (update host_checks set ended_at = now(), steps = $2, because = $3 where id = $1 and ended_at is null returning id)
     select pg_notify('looked', id::text) from saved`,
    [id, steps === null ? null : JSON.stringify(steps), because],
  )
}
