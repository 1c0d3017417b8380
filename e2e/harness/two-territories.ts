import { getPool } from '@/db/pg/client'
import type { Actor, Role } from '@/lib/kernel/access/access'

/** One row of every resource in each of two environments, and the ids by `resource:environment`. */
export const seedTerritories = async (): Promise<Record<string, string>> => {
  const ids: Record<string, string> = {}
  const add = async (key: string, table: string, values: Record<string, unknown>) => {
    const names = Object.keys(values)
    const { rows } = await getPool().query(
      `insert into ${table} (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')}) returning id`,
      Object.values(values),
    )
    ids[key] = rows[0].id
    return rows[0].id as string
  }
  for (const [index, name] of ['here', 'there'].entries()) {
    const environment = await add(`environment:${name}`, 'environments', { name })
    const person = await add(`person:${name}`, 'people', { user_name: `person-${name}` })
    const server = await add(`server:${name}`, 'servers', {
      environment_id: environment,
      hostname: `host-${name}`,
      address: '10.0.0.1',
      tags: ['t', name],
    })
    const herd = await add(`herd:${name}`, 'herds', {
      environment_id: environment,
      name: `herd-${name}`,
      base_name: 'main',
      data_directory: '/data',
      preferred_site: name,
    })
    await add(`instance:${name}`, 'instances', { herd_id: herd, server_id: server, version: `15.${index}` })
    // A second member makes the herd a pair, which has the herd's id.
    const second = await add(`second:${name}`, 'servers', { environment_id: environment, hostname: `second-${name}`, address: '10.0.0.2' })
    await add(`standby:${name}`, 'instances', { herd_id: herd, server_id: second })
    ids[`dr-pair:${name}`] = herd
    await add(`failover:${name}`, 'failovers', {
      id: crypto.randomUUID(),
      run_id: crypto.randomUUID(),
      herd_id: herd,
      environment_id: environment,
      title: `failover-${name}`,
      state: 'done',
      mode: 'planned',
      actor_name: name,
      lines: '[]',
    })
    await add(`certificate:${name}`, 'certificates', {
      id: crypto.randomUUID(),
      run_id: crypto.randomUUID(),
      herd_id: herd,
      environment_id: environment,
      title: `certificate-${name}`,
      operation: 'failover',
      verdict: 'proven',
      because: name,
      key_id: name,
      issued_at: new Date(),
      document: name,
    })
    await add(`pooler:${name}`, 'poolers', { herd_id: herd, server_id: server })
    const zone = await add(`dns-zone:${name}`, 'dns_zones', { environment_id: environment, name: `${name}.test` })
    await add(`name:${name}`, 'dns_names', { zone_id: zone, herd_id: herd, host_name: 'shop' })
    await add(`grant:${name}`, 'grants', { person_id: person, role: 'dba', environment_id: environment, group_name: null })
    await add(`token:${name}`, 'tokens', { person_id: person, name: `token-${name}`, prefix: name, hash: 'x', environment_id: environment })
    await add(`session:${name}`, 'sessions', { person_id: person, expires_at: new Date(Date.now() + 3_600_000) })
    const run = await add(`run:${name}`, 'runs', {
      operation: 'reload',
      resource: 'instance',
      title: `run-${name}`,
      actor_name: name,
      policy: {},
      digest: 'd',
      environment_ids: [environment],
    })
    await add(`scheduled-run:${name}`, 'scheduled_runs', {
      at: new Date(),
      start_within_minutes: 15,
      operation: 'reload',
      resource: 'instance',
      title: `scheduled-${name}`,
      environment_ids: [environment],
      plan_id: crypto.randomUUID(),
      actor_name: name,
    })
    await add(`job:${name}`, 'jobs', {
      run_id: run,
      operation: 'reload',
      resource: 'server',
      target_id: server,
      title: `job-${name}`,
      environment_id: environment,
      digest: 'd',
      state: 'done',
    })
    await add(`change:${name}`, 'changes', {
      actor_name: name,
      resource: 'herd',
      object_id: herd,
      title: `change-${name}`,
      act: 'change',
      environment_id: environment,
    })
    await add(`audit:${name}`, 'audit', {
      seq: index + 1,
      at: new Date(),
      actor_name: name,
      actor_kind: 'person',
      act: 'x',
      environment_id: environment,
      previous_hash: '',
      hash: '',
    })
    const host = await add(`discovered-host:${name}`, 'discovered_hosts', {
      hostname: `found-${name}`,
      token_hash: name,
      suggested_environment_id: environment,
    })
    await add(`discovered-instance:${name}`, 'discovered_instances', {
      host_id: host,
      name: `found-${name}`,
      port: 5432,
      data_directory: '/d',
      suggested_environment_id: environment,
    })
    await add(`discovered-pooler:${name}`, 'discovered_poolers', {
      server_id: server,
      environment_id: environment,
      port: 6433,
      title: `found-${name}`,
      config_path: '/c',
    })
    await add(`discovery-rule:${name}`, 'discovery_rules', { name: `rule-${name}`, environment_id: environment })
    await add(`enrolment-key:${name}`, 'enrolment_keys', {
      name: `key-${name}`,
      environment_id: environment,
      prefix: name,
      hash: name,
      expires_at: new Date(),
    })
  }
  return ids
}

export const actorIn = (role: Role, environmentId: string | null, personId: string | null = null): Actor => ({
  kind: 'person',
  personId,
  name: `${role} test`,
  grants: [{ role, environmentId }],
})
