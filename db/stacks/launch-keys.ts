import type { StackStore } from '@/lib/ports/stacks'
import { databaseFault, getPool } from '../pg/client'
import { runWithin } from '../pg/deadline'
import type { StackKeyMaker, StackSealer } from './store'

interface Pair {
  certificate: string
  privateKey: string
}

interface Kept {
  authority: Pair
  /** By server, for its address. */
  servers: Record<string, Pair & { address: string; validUntil: string }>
}

const prefix = 'launch:'
const purposeOf = (blueprintId: string): string => `launch-keys:${blueprintId}`

interface Row {
  sealed: string | null
  adminUser: string | null
  password: string | null
}

/** SCRAM-SHA-256 verifier of a password, as pg_authid keeps it. */
export type Verifier = (password: string) => string

/** Keys of launched herds under `launch:` and the id of their blueprint, of declared clusters under their own. */
export const withLaunchKeys = (
  store: StackStore,
  sealer: StackSealer,
  maker: StackKeyMaker & { verifierOf: Verifier; passwordPurpose: string },
): StackStore => {
  const idIn = (id: string): string | null => (id.startsWith(prefix) ? id.slice(prefix.length) : null)
  const row = async (blueprintId: string): Promise<Row | undefined> => {
    try {
      const { rows } = await getPool().query<Row>(
        `select k.sealed, b.admin_user as "adminUser", b.sealed_admin_password as password
          from blueprints b left join launch_keys k on k.blueprint_id = b.id where b.id = $1`,
        [blueprintId],
      )
      return rows[0]
    } catch (error) {
      throw databaseFault(error)
    }
  }
  const keptIn = (blueprintId: string, found: Row | undefined): Kept | null =>
    found?.sealed == null ? null : (JSON.parse(sealer.open(found.sealed, purposeOf(blueprintId))) as Kept)
  return {
    ...store,
    secrets: async (id) => {
      const blueprintId = idIn(id)
      if (blueprintId === null) return store.secrets(id)
      const found = await row(blueprintId)
      const kept = keptIn(blueprintId, found)
      const password = found?.password == null ? null : sealer.open(found.password, maker.passwordPurpose)
      return {
        ...(kept === null ? {} : { authority: kept.authority.certificate }),
        ...Object.fromEntries(
          Object.entries(kept?.servers ?? {}).flatMap(([name, { certificate, privateKey }]) => [
            [`certificate ${name}`, certificate],
            [`key ${name}`, privateKey],
          ]),
        ),
        ...(password === null || found?.adminUser == null
          ? {}
          : { [`user ${found.adminUser}`]: password, [`verifier ${found.adminUser}`]: maker.verifierOf(password) }),
      }
    },
    hasKeys: async (id, wanted) => {
      const blueprintId = idIn(id)
      if (blueprintId === null) return store.hasKeys(id, wanted)
      const kept = keptIn(blueprintId, await row(blueprintId))
      return kept !== null && wanted.servers.every((one) => isGood(kept, one))
    },
    makeKeys: async (id, wanted, options) => {
      const blueprintId = idIn(id)
      if (blueprintId === null) return store.makeKeys(id, wanted, options)
      const kept: Kept = keptIn(blueprintId, await row(blueprintId)) ?? { authority: maker.makeAuthority(wanted.cluster), servers: {} }
      for (const server of wanted.servers) {
        if (isGood(kept, server)) continue
        const pair = maker.makeServerCertificate(server, wanted.days, kept.authority)
        const validUntil = maker.describe(pair.certificate).validUntil.toISOString()
        kept.servers[server.name] = { ...pair, address: server.address, validUntil }
      }
      await runWithin(
        'insert into launch_keys (blueprint_id, sealed) values ($1, $2) on conflict (blueprint_id) do update set sealed = excluded.sealed',
        [blueprintId, sealer.seal(JSON.stringify(kept), purposeOf(blueprintId))],
        options,
      )
    },
    dropKeys: async (id, options) => {
      const blueprintId = idIn(id)
      if (blueprintId === null) return store.dropKeys(id, options)
      await runWithin('delete from launch_keys where blueprint_id = $1', [blueprintId], options)
    },
  }
}

const isGood = ({ servers }: Kept, { name, address }: { name: string; address: string }): boolean => {
  const own = servers[name]
  return own !== undefined && own.address === address && new Date(own.validUntil).getTime() > Date.now()
}
