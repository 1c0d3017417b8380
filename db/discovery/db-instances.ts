import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { resourceByName } from '@/lib/resources'
import { databaseFault, getPool } from '../pg/client'
import { addRecord } from '../records/save'

/** Where RDS keeps the data of every DB instance; nobody logs in to see it. */
const dataDirectory = '/rdsdbdata/db'

interface DbRow {
  title: string
  kind: 'ec2' | 'rds'
  tie: 'tied' | 'untied' | 'ambiguous'
  state: string
  environment_id: string
  address: string | null
  port: number | null
  herd_name: string | null
  server_id: string | null
  /** Of the DB instance that it replicates from, where that is registered. */
  source_herd: string | null
}

const selectDb = `select m.title, m.kind, m.tie, m.state, m.environment_id, m.private_address as address, m.port, m.herd_name,
    coalesce(m.server_id, (select s.id from servers s where s.environment_id = m.environment_id and lower(s.address) = lower(m.private_address))) as server_id,
    (select h.name from machines p join instances i on i.server_id = p.server_id join herds h on h.id = i.herd_id
      where (p.account_id, p.region, p.kind, p.instance_id) = (m.account_id, m.region, 'rds', m.replicates_from) limit 1) as source_herd
  from machines m where m.id = $1`

const ask = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, values)).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

const readDb = async (actor: Actor, machineId: string): Promise<DbRow> => {
  const [row] = await ask<DbRow>(selectDb, [machineId])
  if (row === undefined || !mayIn(actor, 'machine.view', row.environment_id)) throw new Fault('record.missing')
  return row
}

/** What the form begins with: the herd of its source, the one that its tags name, or its own name. null: it is registered, or cannot be. */
export const offeredRegistration = async (actor: Actor, machineId: string): Promise<{ herd: string; address: string } | null> => {
  const row = await readDb(actor, machineId)
  if (row.kind !== 'rds' || row.tie !== 'untied' || row.address === null || ['gone', 'deleting'].includes(row.state)) return null
  return { herd: row.source_herd ?? row.herd_name ?? row.title, address: row.address }
}

export interface DbRegistration {
  /** By its name in the machine's environment; a new one where there is none. */
  herd: string
  endpointUser: string
  usesIamToken: boolean
  endpointPassword: string | null
}

/**
 * Registers a found DB instance as a server with its endpoint, and as a member of a herd, each with the checks of a person's form. What was registered before
 * one of them was refused stays, and is taken by the next try. Throws `record.missing`, `access.denied`, `input.invalid`, `record.duplicate`.
 */
export const registerDbInstance = async (
  actor: Actor,
  machineId: string,
  { herd: herdName, ...login }: DbRegistration,
): Promise<{ serverId: string; herdId: string; instanceId: string }> => {
  const row = await readDb(actor, machineId)
  for (const permission of ['server.add', 'instance.add', 'herd.add'] as const)
    if (!mayIn(actor, permission, row.environment_id))
      throw new Fault('access.denied', { because: `You do not have the permission ${permission} here.` })
  if (row.kind !== 'rds') throw new Fault('input.invalid', { because: `${row.title} is a machine of EC2: register its host as a server.` })
  if (row.address === null)
    throw new Fault('input.invalid', {
      because: `RDS has given ${row.title} no endpoint yet (${row.state}). Try again once it is available.`,
    })
  if (!login.usesIamToken && !login.endpointPassword) {
    const message = 'Give the password of the database user, or use an IAM token.'
    throw new Fault('input.invalid', { because: message, fields: [{ path: 'endpointPassword', message }] })
  }
  const { environment_id: environmentId, address } = row
  const port = row.port ?? 5432
  const add = async (resource: string, values: object) => (await addRecord(actor, resourceByName(resource)!, values)).id
  const serverId = row.server_id ?? (await add('server', { hostname: row.title, environmentId, address, profile: 'rds', ...login }))
  const [known] = await ask<{ id: string; port: number; data_directory: string }>(
    'select id, port, data_directory from herds where environment_id = $1 and lower(name) = lower($2)',
    [environmentId, herdName],
  )
  const herdId = known?.id ?? (await add('herd', { environmentId, name: herdName, baseName: clusterNameOf(herdName), port, dataDirectory }))
  const instanceId = await add('instance', {
    ...{ herdId, serverId },
    portOverride: known === undefined || known.port === port ? null : port,
    dataDirectoryOverride: known === undefined || known.data_directory === dataDirectory ? null : dataDirectory,
  })
  return { serverId, herdId, instanceId }
}

const clusterNameOf = (name: string): string => name.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9_]+/, '') || 'main'
