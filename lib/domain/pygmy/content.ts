import { type DumpTables, readArray } from './dump'

/** What can be imported of a pygmy, by pygmy's own numbers. */
export interface PygmyContent {
  clusters: { id: number; name: string; primaryNodeIp: string; enabled: boolean; type: string }[]
  nodes: { id: number; instanceId: string; cluster: number | null }[]
  managements: { id: number; cluster: number; averageLoad: string; fallbacksUp: unknown; fallbacksDown: unknown; activeUsers: unknown }[]
  rules: {
    id: number
    name: string
    cluster: number
    action: string
    rule: Record<string, unknown>
    isAny: boolean
    isDaily: boolean
    runAt: string[]
    /** The rule that it reverses. */
    parent: number | null
  }[]
  dns: {
    id: number
    hostedZone: string
    dnsName: string
    matchType: string
    instance: number | null
    cluster: number | null
    tagRole: string | null
  }[]
  exceptions: { id: number; day: string; clusters: number[] }[]
}

/** Tables that are read, by the ends of their names. */
export const pygmyTables = ['clusterinfo', 'ec2dbinfo', 'clustermanagement', 'rules', 'dnsdata', 'exceptiondata'] as const

type Row = Record<string, string | null>

const whole = (value: string | null | undefined): number | null => (value != null && /^\d{1,9}$/.test(value) ? Number(value) : null)

const jsonOf = (value: string | null | undefined): unknown => {
  if (value == null) return null
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

const objectIn = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** Rows without a number are passed over: there are none in a database. */
export const contentOf = (tables: DumpTables): PygmyContent => {
  const each = <T>(name: (typeof pygmyTables)[number], read: (row: Row, id: number) => T): T[] =>
    (tables[name] ?? []).flatMap((row) => {
      const id = whole(row.id)
      return id === null ? [] : [read(row, id)]
    })
  const clusterIn = (row: Row) => whole(row.cluster_id_id ?? row.cluster_id)
  return {
    clusters: each('clusterinfo', (row, id) => ({
      id,
      name: row.name ?? '',
      primaryNodeIp: row.primaryNodeIp ?? '',
      enabled: row.enabled !== 'f',
      type: row.type ?? 'EC2',
    })),
    nodes: each('ec2dbinfo', (row, id) => ({ id, instanceId: row.instance_id ?? '', cluster: clusterIn(row) })),
    managements: each('clustermanagement', (row, id) => ({
      id,
      cluster: clusterIn(row) ?? 0,
      averageLoad: row.avg_load ?? '',
      fallbacksUp: jsonOf(row.fallback_instances_scale_up),
      fallbacksDown: jsonOf(row.fallback_instances_scale_down),
      activeUsers: jsonOf(row.check_active_users),
    })),
    rules: each('rules', (row, id) => ({
      id,
      name: row.name ?? '',
      cluster: clusterIn(row) ?? 0,
      action: row.action ?? '',
      rule: objectIn(jsonOf(row.rule)),
      isAny: row.rule_logic === 'ANY',
      isDaily: row.run_type === 'DAILY',
      runAt: readArray(row.run_at ?? null),
      parent: whole(row.parent_rule_id),
    })),
    dns: each('dnsdata', (row, id) => ({
      id,
      hostedZone: row.hosted_zone_name ?? '',
      dnsName: row.dns_name ?? '',
      matchType: row.match_type ?? '',
      instance: whole(row.instance_id_id ?? row.instance_id),
      cluster: clusterIn(row),
      tagRole: row.tag_role ?? null,
    })),
    exceptions: each('exceptiondata', (row, id) => {
      const clusters = jsonOf(row.clusters)
      const numbers = (Array.isArray(clusters) ? clusters : []).flatMap((one) => whole(String(objectIn(one).id ?? one)) ?? [])
      return { id, day: row.exception_date ?? '', clusters: numbers }
    }),
  }
}
