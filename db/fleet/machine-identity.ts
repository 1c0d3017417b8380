import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'
import { tellFacts } from './observations'

/** The machine that a server is registered as. The first that logs in under its pinned key is recorded, unless it is another server's. */
const record = {
  name: 'machine-record',
  text: `update servers s set machine_id = $2, machine_id_offered = null where s.id = $1 and s.machine_id is null
    and not exists (select from servers o where o.machine_id = $2) returning s.id`,
}

const read = {
  name: 'machine-read',
  text: `select s.hostname, s.machine_id as "machineId", o.hostname as "otherName", o.environment_id = s.environment_id as "isNear"
    from servers s left join servers o on o.machine_id = $2 and o.id <> s.id where s.id = $1`,
}

interface Registered {
  hostname: string
  machineId: string | null
  otherName: string | null
  isNear: boolean | null
}

/**
 * Lets a machine pass that is the registered one, and records the first. Returns the identity that holds. Throws `shell.machine-changed` for another
 * machine (`expected`, `offered`) and for one that is registered as another server (no `offered`: nobody may accept it here), `record.missing`, `database.down`.
 */
export const recogniseMachine = async (serverId: string, machineId: string): Promise<string> => {
  // Two servers that meet the same machine at once: one records it, and the other is told by the second round.
  for (const isLast of [false, true]) {
    try {
      const { rows } = await getPool().query<{ id: string }>({ ...record, values: [serverId, machineId] })
      if (rows.length > 0) {
        await tellFacts(getPool(), [serverId])
        return machineId
      }
      const [server] = (await getPool().query<Registered>({ ...read, values: [serverId, machineId] })).rows
      if (!server) throw new Fault('record.missing', { because: 'The server is not registered any more.', id: serverId })
      if (server.machineId === machineId) return machineId
      throw stranger(server, machineId)
    } catch (error) {
      if (!isLast && (error as { code?: unknown }).code === '23505') continue
      throw databaseFault(error)
    }
  }
  throw new Fault('internal.bug', { because: 'A machine was neither recognised nor refused.' })
}

/** For a host that is no server yet. Throws `shell.machine-changed` where its machine is a server's already, which is not named: it may be anybody's. */
export const mustBeNewMachine = async (hostname: string, machineId: string): Promise<void> => {
  try {
    const { rowCount } = await getPool().query('select from servers where machine_id = $1', [machineId])
    if (rowCount !== 0)
      throw new Fault('shell.machine-changed', {
        host: hostname,
        isOver: true,
        because: `${hostname} is a machine that is registered as a server already, by another name or address. One machine is one server.`,
      })
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Another server is named only to those who read of this one: both are of one environment. */
const stranger = ({ hostname, machineId, otherName, isNear }: Registered, offered: string): Fault => {
  const said = { host: hostname, isOver: true, expected: machineId }
  if (otherName !== null)
    return new Fault('shell.machine-changed', {
      ...said,
      because: `${hostname} is the machine that is registered as ${isNear ? otherName : 'a server of another environment'} already. One machine is one server: nothing runs on it under a second name. If it was cloned, empty /etc/machine-id on the clone and run systemd-machine-id-setup there.`,
    })
  return new Fault('shell.machine-changed', {
    ...said,
    offered,
    because: `${hostname} is the machine ${offered}, not the registered ${machineId}. Nothing runs there until somebody accepts the new one. If the host was reinstalled or replaced, accept it; if not, find out who answers there.`,
  })
}
