import type { Stack } from './stack'

export interface TunedValue {
  name: string
  value: string
  /** Why, for whoever reads the plan. */
  because: string
}

/** Values of the profile, in the order in which they are told; what the cluster file sets itself comes last and says so. */
export const tunedValues = ({ postgres, servers }: Pick<Stack, 'postgres' | 'servers'>): TunedValue[] => {
  const { maxConnections, profile, memoryMb, parameters } = postgres
  const members = servers.filter(({ parts }) => parts.includes('postgres')).length
  const senders = String(members + 8)
  const values: TunedValue[] = [
    {
      name: 'max_connections',
      value: String(maxConnections),
      because: 'As the cluster file says: poolers share them among many more clients.',
    },
    { name: 'max_wal_senders', value: senders, because: `${members} members, and 8 more for base backups and other receivers.` },
    { name: 'max_replication_slots', value: senders, because: 'One for each WAL sender.' },
    { name: 'wal_level', value: 'replica', because: 'Standbys need it.' },
    { name: 'wal_log_hints', value: 'on', because: 'pg_rewind needs it, or data checksums.' },
    {
      name: 'wal_retrieve_retry_interval',
      value: '500ms',
      because: 'A standby that lost its upstream asks the new one after half a second, not five.',
    },
    { name: 'password_encryption', value: 'scram-sha-256', because: 'No MD5 hashes.' },
    ...memoryValues(memoryMb, maxConnections, profile),
    ...profileValues(profile),
  ]
  const set = Object.entries(parameters).map(([name, value]) => ({ name, value, because: 'As the cluster file says.' }))
  return [...values.filter(({ name }) => !(name in parameters)), ...set]
}

const memoryValues = (memoryMb: number | null, connections: number, profile: Stack['postgres']['profile']): TunedValue[] => {
  if (memoryMb === null || profile === 'plain') return []
  const perSort = profile === 'reporting' ? 2 : 4
  const work = Math.max(4, Math.floor((memoryMb * 0.25) / (connections / perSort)))
  return [
    {
      name: 'shared_buffers',
      value: `${Math.floor(memoryMb / 4)}MB`,
      because: `A quarter of ${memoryMb} MiB: the rest caches files for it.`,
    },
    {
      name: 'effective_cache_size',
      value: `${Math.floor(memoryMb * 0.7)}MB`,
      because: 'What PostgreSQL and the operating system cache together.',
    },
    {
      name: 'maintenance_work_mem',
      value: `${Math.min(2048, Math.floor(memoryMb / 16))}MB`,
      because: 'A sixteenth for each VACUUM or CREATE INDEX, at most 2 GiB.',
    },
    {
      name: 'work_mem',
      value: `${work}MB`,
      because: `A quarter of the memory among the sorts of ${Math.ceil(connections / perSort)} sessions at once.`,
    },
  ]
}

const profileValues = (profile: Stack['postgres']['profile']): TunedValue[] => {
  if (profile === 'plain') return []
  const isReporting = profile === 'reporting'
  return [
    {
      name: 'checkpoint_timeout',
      value: profile === 'transactions' ? '5min' : '15min',
      because:
        profile === 'transactions'
          ? 'Recovery after a crash stays short.'
          : 'Fewer full pages in WAL; recovery after a crash takes longer.',
    },
    { name: 'checkpoint_completion_target', value: '0.9', because: 'Checkpoints are spread over the time between them.' },
    { name: 'max_wal_size', value: isReporting ? '8GB' : '4GB', because: 'Loads do not force checkpoints before their time.' },
    { name: 'random_page_cost', value: '1.1', because: 'For SSDs: a random read costs about what a sequential one does.' },
    {
      name: 'default_statistics_target',
      value: isReporting ? '500' : '100',
      because: isReporting ? 'Large tables and joins of many need finer statistics.' : 'PostgreSQL’s own: planning stays quick.',
    },
    { name: 'log_min_duration_statement', value: isReporting ? '30s' : '3s', because: 'Statements that take longer are logged.' },
    { name: 'log_lock_waits', value: 'on', because: 'Waits for locks past deadlock_timeout are logged.' },
  ]
}
