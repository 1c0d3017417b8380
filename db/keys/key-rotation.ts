import { sql } from 'drizzle-orm'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { KeyStanding, KeyStep } from '@/lib/shapes/environment-key'
import { databaseFault, getPool, inTransaction, notify, type Tx } from '../pg/client'
import { writeAudit } from '../trail/audit'
import type { KeySealer, MakeKey } from './console-keys'

/**
 * An environment's SSH key is replaced in three steps, so that nobody is locked out: a new one is made beside it, a person appends its line on every host
 * while workers find out which hosts accept it, and the two are switched.
 */
const names: Record<KeyStep, string> = { new: 'environment.new-key', switch: 'environment.switch-key', discard: 'environment.discard-key' }

const lockEnvironment = async (tx: Tx, actor: Actor, id: string): Promise<string> => {
  if (!uuidPattern.test(id)) throw new Fault('record.missing')
  const { rows } = await tx.execute<{ name: string }>(sql`select name from environments where id = ${id} for no key update`)
  if (!rows[0] || !mayIn(actor, 'environment.view', id)) throw new Fault('record.missing')
  if (!mayIn(actor, 'environment.change', id)) throw new Fault('access.denied')
  return rows[0].name
}

/** Hosts that would be locked out: nobody logged in there with the new key since it was made. */
const without = async (tx: Tx, id: string): Promise<string[]> => {
  const { rows } = await tx.execute<{ hostname: string }>(
    sql`select s.hostname from servers s join console_keys k on k.environment_id = s.environment_id and k.state = 'next'
      where s.environment_id = ${id} and s.host_key is not null and s.accepts_key is distinct from k.id order by s.hostname`,
  )
  return rows.map(({ hostname }) => hostname)
}

const namedMax = 10

/**
 * new: a worker makes a key beside the current one. switch: the new key is used from now on, and the former is gone. discard: the new key is gone.
 * Throws `record.missing`, `access.denied`, and `record.in-use`: there is a new key already, there is none, or hosts do not accept it and `isForced` is false.
 */
export const takeKeyStep = (actor: Actor, environmentId: string, step: KeyStep, isForced = false): Promise<void> =>
  inTransaction(async (tx) => {
    const name = await lockEnvironment(tx, actor, environmentId)
    const { rows } = await tx.execute<{ isMade: boolean }>(
      sql`select public_key <> '' as "isMade" from console_keys where environment_id = ${environmentId} and state = 'next'`,
    )
    const next = rows[0]
    const no = (because: string) => new Fault('record.in-use', { because })
    let cutOff: string[] = []
    if (step === 'new') {
      if (next) throw no(`${name} has a new key already: switch to it, or discard it first.`)
      await tx.execute(
        sql`insert into console_keys (environment_id, state, public_key, sealed_private_key) values (${environmentId}, 'next', '', '')`,
      )
    } else {
      if (!next) throw no(`${name} has no new key.`)
      if (step === 'switch') {
        if (!next.isMade) throw no('No worker has made the new key yet.')
        cutOff = await without(tx, environmentId)
        if (cutOff.length > 0 && !isForced) {
          const more = cutOff.length > namedMax ? ` and ${cutOff.length - namedMax} more` : ''
          throw no(
            `These hosts of ${name} have not accepted the new key yet and would be out of reach: ${cutOff.slice(0, namedMax).join(', ')}${more}. Append its line to authorized_keys there; workers try it every minute.`,
          )
        }
        await tx.execute(sql`delete from console_keys where environment_id = ${environmentId} and state = 'current'`)
        await tx.execute(sql`update console_keys set state = 'current' where environment_id = ${environmentId} and state = 'next'`)
      } else await tx.execute(sql`delete from console_keys where environment_id = ${environmentId} and state = 'next'`)
      await tx.execute(sql`update servers set accepts_key = null where environment_id = ${environmentId} and accepts_key is not null`)
    }
    await notify(tx, 'records', 'environment')
    await writeAudit(tx, actor, {
      act: names[step],
      resource: 'environment',
      objectId: environmentId,
      title: name,
      environmentId,
      ...(cutOff.length > 0 ? { detail: { withoutHosts: cutOff } } : {}),
    })
  })

/** Makes the new keys that were asked for. */
export const makeNextKeys = async (sealer: KeySealer, makeKey: MakeKey, purposeOf: (environmentId: string) => string): Promise<void> => {
  try {
    const { rows } = await getPool().query<{ environmentId: string }>(
      `select environment_id as "environmentId" from console_keys where state = 'next' and sealed_private_key = ''`,
    )
    for (const { environmentId } of rows) {
      const key = makeKey()
      await getPool().query(
        `update console_keys set public_key = $2, sealed_private_key = $3, created_at = now()
          where environment_id = $1 and state = 'next' and sealed_private_key = ''`,
        [environmentId, key.publicKey, sealer.seal(key.privateKey, purposeOf(environmentId))],
      )
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

export interface HostToTry {
  serverId: string
  keyId: string
  environmentId: string
  sealedPrivateKey: string
}

/** Hosts that nobody has logged in to with the new key of their environment. */
export const hostsToTry = async (): Promise<HostToTry[]> => {
  try {
    const { rows } = await getPool().query<HostToTry>(
      `select s.id as "serverId", k.id as "keyId", k.environment_id as "environmentId", k.sealed_private_key as "sealedPrivateKey"
        from servers s join console_keys k on k.environment_id = s.environment_id and k.state = 'next' and k.sealed_private_key <> ''
        where s.host_key is not null and s.accepts_key is distinct from k.id order by s.hostname`,
    )
    return rows
  } catch (error) {
    throw databaseFault(error)
  }
}

export const markAccepted = async (serverId: string, keyId: string): Promise<void> => {
  try {
    await getPool().query('update servers set accepts_key = $2 where id = $1 and exists (select from console_keys where id = $2)', [
      serverId,
      keyId,
    ])
  } catch (error) {
    throw databaseFault(error)
  }
}

/** How far the replacement of an environment's key is. The caller has checked who sees the environment. */
export const readKeyStanding = async (environmentId: string): Promise<KeyStanding> => {
  try {
    const { rows } = await getPool().query<{ id: string; state: 'current' | 'next'; publicKey: string }>(
      'select id, state, public_key as "publicKey" from console_keys where environment_id = $1',
      [environmentId],
    )
    const next = rows.find(({ state }) => state === 'next')
    const current = rows.find(({ state }) => state === 'current')?.publicKey ?? null
    if (!next) return { current, next: null }
    const { rows: hosts } = await getPool().query<{ hostname: string; isAccepted: boolean }>(
      `select hostname, accepts_key is not distinct from $2 as "isAccepted" from servers
        where environment_id = $1 and host_key is not null order by hostname`,
      [environmentId, next.id],
    )
    const missing = hosts.filter(({ isAccepted }) => !isAccepted).map(({ hostname }) => hostname)
    return {
      current,
      next: {
        publicKey: next.publicKey || null,
        accepted: hosts.length - missing.length,
        servers: hosts.length,
        missing: missing.slice(0, namedMax),
      },
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
