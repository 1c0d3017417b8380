import { sql } from 'drizzle-orm'
import { readStackFile } from '@/lib/shapes/stack-file'
import type { Rules } from './rules'

/** The file is read with every save, so that a build never meets one that says nothing; its servers must be registered where the cluster is. */
export const stackCheck: NonNullable<Rules['check']> = async (tx, after) => {
  const { file, problems } = readStackFile(String(after.file ?? ''))
  if (file === null) return problems.map(({ field, because }) => ({ path: 'file', message: `${field}: ${because}` }))
  const names = Object.keys(file.servers)
  const { rows } = await tx.execute<{ hostname: string }>(
    sql`select hostname from servers where environment_id = ${after.environmentId} and hostname = any(${sql.param(names)})`,
  )
  const there = new Set(rows.map(({ hostname }) => hostname))
  return names
    .filter((name) => !there.has(name))
    .map((name) => ({
      path: 'file',
      message: `servers.${name}: The environment has no server of that name. Register it first, or correct the name.`,
    }))
}
