import { type SQL, sql } from 'drizzle-orm'
import { counted } from '@/lib/domain/values/counted'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import type { Tx } from '../pg/client'
import type { Rules } from './rules'

/** Which machine is which server, and in which environment it and what lives on it are: what rights, protection, windows and the SSH key go by. */

interface Rival extends Record<string, unknown> {
  hostname: string
  environment_id: string
  environment_name: string
  has_address: boolean
  has_host_key: boolean
  has_machine: boolean
}

const rowsOf = async <T extends Record<string, unknown>>(tx: Tx, query: SQL): Promise<T[]> => (await tx.execute(query)).rows as T[]

/** Whose it is, as far as the actor may know. */
const named = (actor: Actor, rival: Rival): string =>
  mayIn(actor, 'server.view', rival.environment_id)
    ? `${rival.hostname} in ${rival.environment_name}`
    : 'another server, in an environment that you may not see,'

/** A machine under two names would be operated by the rules of either. */
const mustBeOneMachine = async (tx: Tx, after: Record<string, unknown>, actor: Actor): Promise<void> => {
  const [address, hostKey, machineId] = [after.address ?? null, after.hostKey ?? null, after.machineId ?? null]
  const rivals = await rowsOf<Rival>(
    tx,
    sql`select * from (select s.hostname, s.environment_id, e.name as environment_name,
          lower(s.address) = lower(${address}::text) and s.ssh_port = ${after.sshPort ?? 22}::int as has_address,
          coalesce(s.host_key = ${hostKey}::text, false) as has_host_key, coalesce(s.machine_id = ${machineId}::text, false) as has_machine
        from servers s join environments e on e.id = s.environment_id where s.id is distinct from ${after.id ?? null}::uuid) other
      where has_address or has_host_key or has_machine order by hostname`,
  )
  const fields: FieldProblem[] = rivals.flatMap((rival) => [
    ...(rival.has_address ? [{ path: 'address', message: `${named(actor, rival)} has this address with this SSH port already.` }] : []),
    ...(rival.has_host_key ? [{ path: 'hostKey', message: `${named(actor, rival)} has this host key pinned already.` }] : []),
    ...(rival.has_machine ? [{ path: 'machineId', message: `${named(actor, rival)} is registered as this machine already.` }] : []),
  ])
  if (fields.length > 0)
    throw new Fault('record.duplicate', { because: `${fields[0]!.message} One machine is one server, over all environments.`, fields })
}

interface Residents extends Record<string, unknown> {
  environment_name: string
  instances: number
  poolers: number
  names: number
}

/** What lives there is protected by the environment that it is in: it does not leave with a form. */
const mustStay = ([found]: Residents[], noun: string): FieldProblem[] => {
  if (!found) return []
  const parts = [
    ...(found.instances > 0 ? [counted(found.instances, 'instance', 'instances')] : []),
    ...(found.poolers > 0 ? [counted(found.poolers, 'pooler', 'poolers')] : []),
    ...(found.names > 0 ? [counted(found.names, 'DNS name', 'DNS names')] : []),
  ]
  if (parts.length === 0) return []
  const because = `The protection, windows and SSH key of ${found.environment_name} hold for them.`
  return [
    {
      path: 'environmentId',
      message: `This ${noun} has ${parts.join(' and ')} in ${found.environment_name}. ${because} Delete their registrations, move it, let the new environment’s SSH key into the hosts, and register them there.`,
    },
  ]
}

const isMoved = (after: Record<string, unknown>, before: Record<string, unknown> | null): boolean =>
  before !== null && after.environmentId !== before.environmentId

export const serverRules: Rules = {
  check: async (tx, after, before, actor) => {
    const stays = isMoved(after, before)
      ? mustStay(
          await rowsOf<Residents>(
            tx,
            sql`select e.name as environment_name, (select count(*)::int from instances where server_id = s.id) as instances,
                (select count(*)::int from poolers where server_id = s.id) as poolers, 0 as names
              from servers s join environments e on e.id = s.environment_id where s.id = ${after.id}`,
          ),
          'server',
        )
      : []
    if (stays.length === 0) await mustBeOneMachine(tx, after, actor)
    return stays
  },
  // A person who pins the key that the host shows, or accepts the machine, has answered the alarm. Behind a new key there may be a new machine.
  alongside: (after, before) => {
    if (before === null) return {}
    const hasNewKey = after.hostKey !== before.hostKey
    const hasNewMachine = after.machineId !== before.machineId
    return {
      ...(hasNewKey ? { hostKeyOffered: null } : {}),
      ...(hasNewKey && !hasNewMachine ? { machineId: null } : {}),
      ...(hasNewKey || hasNewMachine ? { machineIdOffered: null } : {}),
    }
  },
}

/** A herd lives where its servers live. */
export const herdCheck: NonNullable<Rules['check']> = async (tx, after, before) =>
  isMoved(after, before)
    ? mustStay(
        await rowsOf<Residents>(
          tx,
          sql`select e.name as environment_name, (select count(*)::int from instances where herd_id = h.id) as instances,
              (select count(*)::int from pooler_herds where herd_id = h.id) as poolers, (select count(*)::int from dns_names where herd_id = h.id) as names
            from herds h join environments e on e.id = h.environment_id where h.id = ${after.id}`,
        ),
        'herd',
      )
    : []
