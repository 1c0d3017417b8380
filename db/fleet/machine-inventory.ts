import type { InventoryMachine, InventoryRead } from '@/lib/ports'
import { databaseFault, getPool } from '../pg/client'

interface MachineRow {
  id: string
  title: string
  account_id: string
  region: string
  instance_id: string
  kind: 'ec2' | 'rds'
}

const rowsOf = async <Row extends object>(text: string, id: string): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, [id])).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Only what a region still lists; two accounts may see the same machine, and then none of them is taken for it. */
const selectMachine = `select id, title, account_id, region, instance_id, kind from machines
  where server_id = $1 and tie = 'tied' and state not in ('gone', 'terminated', 'deleting')`

export const machineInventory: Pick<InventoryRead, 'serverMachine' | 'serverInstances'> = {
  serverMachine: async (serverId) => {
    const rows = await rowsOf<MachineRow>(selectMachine, serverId)
    const [row] = rows
    return row === undefined || rows.length > 1 ? null : machineOf(row)
  },
  serverInstances: async (serverId) =>
    (await rowsOf<{ title: string }>('select title from instances where server_id = $1 order by title', serverId)).map(
      ({ title }) => title,
    ),
}

const machineOf = (row: MachineRow): InventoryMachine => ({
  id: row.id,
  title: row.title,
  accountId: row.account_id,
  region: row.region,
  instanceId: row.instance_id,
  ...(row.kind === 'rds' ? { kind: row.kind } : {}),
})
