import { typeBehind } from '@/lib/domain/machines/classes'
import { familyOf, nameFromTags } from '@/lib/domain/machines/naming'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DbInstanceSeen } from '@/lib/ports'
import type { CloudSettings, MachineSeen } from '@/lib/ports/machines'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { secretPurpose } from '../records/sealing-key'
import { judgeMachines } from './machine-drift'
import { noteMachines } from './machine-spans'
import { noteGone } from './spot-gone'

/** What a sweep needs to know of an account. */
export interface SweptAccount {
  settings: CloudSettings
  regions: readonly string[]
  machineTags: readonly string[]
  herdTemplate: string
  looksForRds: boolean
}

interface AccountRow {
  id: string
  name: string
  endpoint: string | null
  regions: string[]
  uses_worker_role: boolean
  access_key_id: string | null
  sealed_access_secret: string | null
  role_arn: string | null
  external_id: string | null
  machine_tags: string[]
  herd_template: string | null
  looks_for_rds: boolean
}

export const cloudAccountIds = async (): Promise<string[]> => {
  try {
    return (await getPool().query<{ id: string }>('select id from cloud_accounts order by name, id')).rows.map(({ id }) => id)
  } catch (error) {
    throw databaseFault(error)
  }
}

/** An account with its secrets opened by the worker's vault. Throws `record.missing`, and `cloud.refused` where it has no credentials. */
export type CloudAccountSource = (id: string) => Promise<SweptAccount>

export const makeCloudAccountSource =
  (opener: { open: (sealed: string, purpose: string) => string }): CloudAccountSource =>
  async (id) => {
    const { rows } = await getPool()
      .query<AccountRow>(
        `select id, name, nullif(endpoint, '') as endpoint, regions, uses_worker_role, access_key_id, sealed_access_secret,
           nullif(role_arn, '') as role_arn, nullif(external_id, '') as external_id, machine_tags, herd_template, looks_for_rds
         from cloud_accounts where id = $1`,
        [id],
      )
      .catch((error: unknown) => {
        throw databaseFault(error)
      })
    const [row] = rows
    if (!row) throw new Fault('record.missing', { because: 'The cloud account is not registered any more.', id })
    const credentials =
      row.access_key_id && row.sealed_access_secret
        ? {
            accessKeyId: row.access_key_id,
            secretAccessKey: opener.open(row.sealed_access_secret, secretPurpose('cloud-account', 'sealedAccessSecret')),
          }
        : null
    // Never for want of a key alone: the credentials of the worker's host belong to no environment.
    if (credentials === null && !row.uses_worker_role)
      throw new Fault('cloud.refused', { because: `${row.name} has no access key. Give it one on its page.`, isOver: true })
    return {
      settings: {
        id: row.id,
        name: row.name,
        endpoint: row.endpoint,
        credentials,
        role: row.role_arn === null ? null : { arn: row.role_arn, externalId: row.external_id },
      },
      regions: row.regions,
      machineTags: row.machine_tags,
      herdTemplate: row.herd_template ?? '',
      looksForRds: row.looks_for_rds,
    }
  }

const tagLines = (tags: Readonly<Record<string, string>>): string[] =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .sort()

const asRow = (seen: MachineSeen, herdTemplate: string) => ({
  instance_id: seen.instanceId,
  title: seen.tags.Name || seen.instanceId,
  zone: seen.zone,
  type: seen.type,
  family: familyOf(seen.type),
  state: seen.state,
  market: seen.market,
  architecture: seen.architecture,
  private_address: seen.privateAddress,
  public_address: seen.publicAddress,
  addresses: seen.addresses,
  volumes: seen.volumes,
  volume_gib: seen.volumes.reduce((sum, { size }) => sum + size, 0),
  tags: tagLines(seen.tags),
  herd_name: nameFromTags(herdTemplate, seen.tags),
  launched_at: seen.launchedAt,
  engine_version: null as string | null,
  port: null as number | null,
  replicates_from: null as string | null,
  pending_type: null as string | null,
})

/** Its endpoint is its address: whatever server is registered with it is tied to it. */
const asDbRow = (seen: DbInstanceSeen, herdTemplate: string): ReturnType<typeof asRow> => ({
  ...asRow(
    {
      ...{ instanceId: seen.instanceId, region: seen.region, zone: seen.zone, type: seen.class, state: seen.status, market: 'on-demand' },
      architecture: typeBehind(seen.class)?.architectures[0] ?? '',
      privateAddress: seen.address,
      publicAddress: null,
      addresses: seen.address === null ? [] : [seen.address],
      volumes: [{ id: '', device: '', size: seen.storageGib, type: seen.storageType }],
      tags: seen.tags,
      launchedAt: seen.createdAt,
    },
    herdTemplate,
  ),
  engine_version: seen.engineVersion,
  port: seen.port,
  replicates_from: seen.source,
  pending_type: seen.pendingClass,
})

const columns = `title, zone, type, family, state, market, architecture, private_address, public_address, addresses, volumes, volume_gib, tags, herd_name, launched_at, engine_version, port, replicates_from, pending_type`
const plain = columns.split(', ')

const keepMachines = `insert into machines as m (account_id, environment_id, region, kind, instance_id, ${columns}, observed_at)
  select a.id, a.environment_id, $2, $5, s.instance_id, ${plain.map((name) => `s.${name}`).join(', ')}, $4
  from cloud_accounts a, json_to_recordset($3::json) as s (instance_id text, title text, zone text, type text, family text, state text, market text,
    architecture text, private_address text, public_address text, addresses text[], volumes jsonb, volume_gib int, tags text[], herd_name text,
    launched_at timestamptz, engine_version text, port int, replicates_from text, pending_type text)
  where a.id = $1
  on conflict (account_id, region, kind, instance_id) do update set ${plain.map((name) => `${name} = excluded.${name}`).join(', ')},
    seen_before_at = m.observed_at, observed_at = excluded.observed_at
  where m.observed_at <= excluded.observed_at`

const markGone = `update machines set state = 'gone', server_id = null, tie = 'untied'
  where account_id = $1 and region = $2 and kind = $4 and observed_at < $3 and state <> 'gone'`

const byAddress = `m.hand_server_id is null
  and not exists (select from machines h where h.hand_server_id = s.id and h.state not in ('terminated', 'shutting-down', 'gone'))`

/**
 * A person said which server it is; or a server has its address, or the agent on it says so, and nobody said that this server is another machine. One that is
 * terminated gave its addresses back.
 */
const tieMachines = `with found as (
    select m.id, array_agg(distinct s.id) filter (where s.id is not null) as servers
    from machines m
      left join lateral (
        select m.hand_server_id as id where m.hand_server_id is not null
        union
        select s.id from servers s where s.environment_id = m.environment_id and s.address = any(m.addresses) and ${byAddress}
        union
        select s.id from discovered_hosts d join servers s on s.id = d.server_id
        where s.environment_id = m.environment_id and m.addresses && d.addresses and ${byAddress}
      ) s on m.state not in ('terminated', 'shutting-down', 'gone')
    where m.account_id = $1
    group by m.id
  )
  update machines m set server_id = case when cardinality(f.servers) = 1 then f.servers[1] end,
    tie = case coalesce(cardinality(f.servers), 0) when 0 then 'untied' when 1 then 'tied' else 'ambiguous' end
  from found f where f.id = m.id
    and (m.server_id, m.tie) is distinct from (case when cardinality(f.servers) = 1 then f.servers[1] end,
      case coalesce(cardinality(f.servers), 0) when 0 then 'untied' when 1 then 'tied' else 'ambiguous' end)`

/** Keeps what EC2 of a region answered, whole, as of the moment it was asked; what it does not list is gone. */
export const keepRegion = (account: SweptAccount, region: string, seen: readonly MachineSeen[], askedAt: Date): Promise<void> =>
  keepRows(
    account,
    region,
    'ec2',
    seen.map((one) => asRow(one, account.herdTemplate)),
    askedAt,
  )

/** The same of RDS. */
export const keepDbInstances = (account: SweptAccount, region: string, seen: readonly DbInstanceSeen[], askedAt: Date): Promise<void> =>
  keepRows(
    account,
    region,
    'rds',
    seen.map((one) => asDbRow(one, account.herdTemplate)),
    askedAt,
  )

const keepRows = (
  { settings }: SweptAccount,
  region: string,
  kind: 'ec2' | 'rds',
  rows: readonly ReturnType<typeof asRow>[],
  askedAt: Date,
): Promise<void> =>
  inPgTransaction(async (client) => {
    // Before they are written: what was spot and tied to a server, and runs no longer, is an eviction.
    if (kind === 'ec2') await noteGone(client, { id: settings.id, region }, rows)
    await client.query(keepMachines, [settings.id, region, JSON.stringify(rows), askedAt, kind])
    await client.query(markGone, [settings.id, region, askedAt, kind])
  })

export interface SweepVerdict {
  state: 'reachable' | 'unreachable' | 'refused'
  because: string | null
  awsAccount: string | null
}

/** Ends a sweep: ties machines to servers, compares them with what is recorded, forgets what is gone for a day or in no region of the account, and keeps how it went. */
export const keepSweep = (id: string, { state, because, awsAccount }: SweepVerdict): Promise<void> =>
  inPgTransaction(async (client) => {
    await client.query(
      `delete from machines m using cloud_accounts a where a.id = $1 and m.account_id = a.id
         and (m.region <> all(a.regions) or (m.kind = 'rds' and not a.looks_for_rds) or (m.state = 'gone' and m.observed_at < now() - interval '1 day' and m.drift = 'none'))`,
      [id],
    )
    await client.query(tieMachines, [id])
    await judgeMachines(client, id)
    await noteMachines(client, id)
    await client.query(
      `update cloud_accounts set state = $2, because = $3, aws_account = coalesce($4, aws_account), observed_at = now(),
         machine_count = (select count(*) from machines where account_id = $1 and state not in ('gone', 'terminated'))
       where id = $1`,
      [id, state, because, awsAccount],
    )
    await client.query(`select pg_notify('records', name) from unnest(array['machine', 'cloud-account']) name`)
  })
