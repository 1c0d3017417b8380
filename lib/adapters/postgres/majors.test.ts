import { describe, expect, test } from 'vitest'
import { healthKinds } from '@/lib/domain/health/kinds'
import { activitySql } from './activity'
import { countersSql } from './counters'
import { statementsSql } from './statements'

const majors = [10, 11, 12, 13, 14, 15, 16, 17, 18]

/** Columns of pg_stat_statements, as the version of the extension that comes with each major names those that are asked for. */
const columnsOf = (major: number): string[] => [
  ...(major >= 13 ? ['total_exec_time', 'wal_bytes'] : ['total_time']),
  ...(major >= 14 ? ['toplevel'] : []),
  ...(major >= 15 ? ['temp_blk_read_time', 'temp_blk_write_time'] : []),
  ...(major >= 17
    ? ['shared_blk_read_time', 'shared_blk_write_time', 'local_blk_read_time', 'local_blk_write_time']
    : ['blk_read_time', 'blk_write_time']),
]
const statementsOf = (major: number) =>
  statementsSql({ major, schema: 'public', columns: columnsOf(major), hasInfo: major >= 14, libraries: '', databases: [] })
const healthOf = (major: number) =>
  healthKinds.map((kind) => (kind.of === 'instance' || kind.of === 'database' ? kind.question(major) : '')).join('\n')

const everything = (major: number): string =>
  [activitySql(major), countersSql(String(major)), statementsOf(major), healthOf(major)].join('\n')

/** What came, or went, with a major: by PostgreSQL’s release notes. */
const changes: { name: RegExp; from?: number; until?: number }[] = [
  { name: /\bas materialized\b/, from: 12 },
  { name: /pg_stat_progress_create_index/, from: 12 },
  { name: /pg_stat_progress_cluster/, from: 12 },
  { name: /pg_stat_progress_analyze/, from: 13 },
  { name: /pg_stat_progress_basebackup/, from: 13 },
  { name: /pg_stat_progress_copy/, from: 14 },
  { name: /checksum_failures/, from: 12 },
  { name: /wal_status|safe_wal_size/, from: 13 },
  { name: /\bs\.total_time\b/, until: 12 },
  { name: /total_exec_time/, from: 13 },
  { name: /pg_stat_statements_info/, from: 14 },
  { name: /\btoplevel\b/, from: 14 },
  { name: /temp_blk_read_time/, from: 15 },
  { name: /(?<!shared_|local_|temp_)\bs\.blk_read_time/, until: 16 },
  { name: /shared_blk_read_time|local_blk_read_time/, from: 17 },
  { name: /checkpoints_timed/, until: 16 },
  { name: /pg_stat_checkpointer/, from: 17 },
  { name: /\bs\.synced\b/, from: 17 },
  { name: /autovacuum_vacuum_max_threshold/, from: 18 },
  { name: /attgenerated <> 'v'/, from: 18 },
  /** Renamed in 17, and asked for by none. */
  { name: /max_dead_tuples|num_dead_tuples/, from: 99 },
]

describe.each(majors)('PostgreSQL %i', (major) => {
  test('is asked for what it has, and for nothing that came later or is gone', () => {
    const text = everything(major)
    const wrong = changes.filter(({ name, from = 0, until = 99 }) => name.test(text) !== (major >= from && major <= until))
    expect(wrong.map(({ name }) => name.source)).toEqual([])
  })
})
