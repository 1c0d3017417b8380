import { FieldFaults, FieldReader } from '@/lib/domain/pygmy/field-faults'
import { wholeNumber } from '@/lib/domain/pygmy/number'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { databaseError, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { writeAudit } from '../trail/audit'
import { type Cluster, type ClusterNode, mustMayRule, readClusters, readNodes } from './clusters'
import { freeNumber, guarded } from './numbers'

type Sent = Readonly<Record<string, unknown>>

export interface DnsEntry {
  id: number
  hosted_zone_name: string
  dns_name: string
  match_type: 'MATCH_INSTANCE' | 'MATCH_ROLE'
  tag_role: string | null
  instance: number | null
  cluster: number | null
}

interface Row extends Omit<DnsEntry, 'instance' | 'cluster'> {
  instanceId: string | null
  herdId: string | null
}

interface Known {
  clusters: Cluster[]
  nodes: ClusterNode[]
}

const known = async (actor: Actor): Promise<Known> => {
  const [clusters, nodes] = await Promise.all([readClusters(actor), readNodes(actor)])
  return { clusters, nodes }
}

const rowsFor = ({ clusters, nodes }: Known): Promise<Row[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<Row>(
      `select number as id, hosted_zone as hosted_zone_name, dns_name, match_type, tag_role, instance_id as "instanceId", herd_id as "herdId"
        from pygmy_names where herd_id = any($1) or instance_id = any($2) order by number`,
      [clusters.map(({ herdId }) => herdId), nodes.map(({ instanceId }) => instanceId)],
    )
    return rows
  })

const shown = ({ instanceId, herdId, ...row }: Row, { clusters, nodes }: Known): DnsEntry => ({
  ...row,
  instance: nodes.find((one) => one.instanceId === instanceId)?.number ?? null,
  cluster: clusters.find((one) => one.herdId === herdId)?.number ?? null,
})

/** Those of herds and instances that the actor may see. */
export const readDnsEntries = async (actor: Actor): Promise<DnsEntry[]> => {
  const all = await known(actor)
  return (await rowsFor(all)).map((row) => shown(row, all))
}

const kinds: readonly unknown[] = ['MATCH_INSTANCE', 'MATCH_ROLE']

/** Throws `FieldFaults`, `access.denied`. The README calls the field `instance_id`, pygmy `instance`: either is taken. */
export const addDnsEntry = async (actor: Actor, sent: Sent, wanted: number | null = null): Promise<DnsEntry> => {
  const all = await known(actor)
  const reader = new FieldReader(sent, false)
  const hostedZone = reader.text('hosted_zone_name', 64)
  const dnsName = reader.text('dns_name', 128)
  const tagRole = reader.text('tag_role', 128, { isNullable: true, mayBeBlank: true }) ?? null
  const kind = sent.match_type
  if (kind === undefined) reader.fault('match_type', 'This field is required.')
  else if (!kinds.includes(kind)) reader.fault('match_type', `"${String(kind)}" is not a valid choice.`)
  const reference = <T extends { number: number }>(field: string, value: unknown, list: readonly T[]): T | null => {
    if (value === undefined || value === null || value === '') return null
    const found = list.find(({ number }) => number === wholeNumber(value))
    if (!found) reader.fault(field, `Invalid pk "${String(value)}" - object does not exist.`)
    return found ?? null
  }
  const node = reference('instance', sent.instance ?? sent.instance_id, all.nodes)
  const cluster = reference('cluster', sent.cluster, all.clusters)
  reader.done()
  const isByInstance = kind === 'MATCH_INSTANCE'
  if (isByInstance ? node === null || cluster !== null || tagRole !== null : node !== null || cluster === null || tagRole === null)
    throw new FieldFaults({
      match_type: [
        isByInstance
          ? 'MATCH_INSTANCE takes an instance, and neither cluster nor tag_role.'
          : 'MATCH_ROLE takes cluster and tag_role, and no instance.',
      ],
    })
  const place = cluster ?? all.clusters.find(({ herdId }) => herdId === node!.herdId)!
  mustMayRule(actor, place)
  const number = await inPgTransaction(async (client, tx) => {
    const taken = await freeNumber(client, 'dns', wanted)
    await client.query(
      `insert into pygmy_names (number, hosted_zone, dns_name, match_type, tag_role, instance_id, herd_id) values ($1, $2, $3, $4, $5, $6, $7)`,
      [taken, hostedZone, dnsName, kind, tagRole, node?.instanceId ?? null, cluster?.herdId ?? null],
    )
    await writeAudit(tx, actor, line('add', place, taken, String(dnsName)))
    return taken
  }).catch((error: unknown): never => {
    if (databaseError(error)?.code === '23505')
      throw new FieldFaults({ non_field_errors: ['The fields cluster, tag_role must make a unique set.'] })
    throw error
  })
  const rows = await rowsFor(all)
  return shown(rows.find(({ id }) => id === number)!, all)
}

const line = (act: string, { herdId, herdName, environmentId }: Cluster, number: number, dnsName: string) => ({
  act: `herd-dns-entry.${act}`,
  resource: 'herd',
  objectId: herdId,
  title: herdName,
  environmentId,
  detail: { number, dnsName },
})

/** pygmy has no way to do it. Throws `record.missing`, `access.denied`. */
export const deleteDnsEntry = async (actor: Actor, number: number): Promise<void> => {
  const all = await known(actor)
  const row = (await rowsFor(all)).find(({ id }) => id === number)
  if (!row) throw new Fault('record.missing', { because: 'Not found.' })
  const herdId = row.herdId ?? all.nodes.find(({ instanceId }) => instanceId === row.instanceId)?.herdId
  const place = all.clusters.find((one) => one.herdId === herdId)
  if (!place) throw new Fault('record.missing', { because: 'Not found.' })
  mustMayRule(actor, place)
  await inPgTransaction(async (client, tx) => {
    await client.query('delete from pygmy_names where number = $1', [number])
    await writeAudit(tx, actor, line('delete', place, number, row.dns_name))
  })
}
