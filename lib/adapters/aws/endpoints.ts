import { Fault } from '@/lib/kernel/ground/errors'
import type { EndpointSource, HostAddress, InventoryMachine } from '@/lib/ports'
import type { CloudSettings } from '@/lib/ports/machines'
import type { AwsRds } from './rds'

const tokenTimeoutMs = 10_000

/** Endpoints of RDS by what the console has registered: their passwords, the DB instances that they are, and the accounts that see those. */
export const makeEndpoints = (
  rds: AwsRds,
  {
    ca,
    passwordOf,
    machineOf,
    accountOf,
  }: {
    ca: string | null
    /** null: none is registered. */
    passwordOf: (serverId: string) => Promise<string | null>
    machineOf: (serverId: string) => Promise<InventoryMachine | null>
    accountOf: (id: string) => Promise<CloudSettings>
  },
): EndpointSource => {
  const placeOf = async ({ serverId }: HostAddress) => {
    if (serverId === '') return null
    const machine = await machineOf(serverId)
    return machine?.kind === 'rds' ? { machine, account: await accountOf(machine.accountId) } : null
  }
  return {
    ca,
    password: async (host, port) => {
      if (!host.endpoint?.usesIamToken) {
        const password = await passwordOf(host.serverId)
        if (password !== null) return password
        throw new Fault('sql.unreachable', {
          isOver: true,
          because: `${host.hostname} has no password. Give it a database password, or set IAM token, on the server’s page.`,
        })
      }
      const found = await placeOf(host)
      if (found === null)
        throw new Fault('sql.unreachable', {
          isOver: true,
          because: `No cloud account sees the DB instance of ${host.hostname}, so there is nobody to ask for an IAM token. Register its account with “Look for RDS”.`,
        })
      return rds.token(found.account, found.machine.region, { address: host.address, port, user: host.user }, { timeoutMs: tokenTimeoutMs })
    },
    standing: async (host, options) => {
      const found = await placeOf(host)
      return found === null ? null : rds.instance(found.account, found.machine.region, found.machine.instanceId, options)
    },
    figures: async (host, options) => {
      const found = await placeOf(host)
      return found === null ? null : rds.figures(found.account, found.machine.region, found.machine.instanceId, options)
    },
  }
}
