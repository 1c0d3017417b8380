import { getTableColumns } from 'drizzle-orm'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { checkOperations } from '@/lib/kernel/operation/selfcheck-operations'
import type { Resource } from '@/lib/kernel/resource/resource'
import { checkResources, type DeclarationFault, type TableShape } from '@/lib/kernel/resource/selfcheck'
import { operations } from '@/lib/operations'
import { resources } from '@/lib/resources'
import { takenKeys } from '@/lib/resources/menu'
import { columnsInside, isSecretColumn } from '../pg/resource-table'

const tableShape = (resource: Resource): TableShape => {
  const columns = getTableColumns(resource.table) as Record<string, PgColumn>
  const names = Object.keys(columns)
  const kept = getTableColumns(resource.keptIn) as Record<string, PgColumn>
  const byColumn = new Map(Object.entries(columns).map(([property, column]) => [column.name, property]))
  const trigrams = getTableConfig(resource.table as unknown as PgTable).indexes.filter(({ config }) => config.method === 'gin')
  return {
    columns: new Set(names),
    needed: new Set(
      Object.keys(kept).filter((name) => kept[name]!.notNull && !kept[name]!.hasDefault && kept[name]!.generated === undefined),
    ),
    searchable: new Set(trigrams.flatMap(({ config }) => config.columns.flatMap((part) => columnsInside(part, byColumn)))),
    secret: new Set(names.filter((name) => isSecretColumn(resource, name, columns[name]!))),
  }
}

export const declarationFaults = (all: readonly Resource[] = resources): DeclarationFault[] => checkResources(all, tableShape, takenKeys)

/** At start-up of every process: throws with every fault of resources and operations at once. */
export const mustBeSound = (): void => {
  const names = new Set(resources.map((resource) => resource.name))
  const faults = [
    ...declarationFaults().map(({ number, resource, sentence }) => `${number} resource ${resource}: ${sentence}`),
    ...checkOperations(operations, names).map(({ number, operation, sentence }) => `${number} operation ${operation}: ${sentence}`),
  ]
  if (faults.length > 0) throw new Error(`The declarations have faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
}
