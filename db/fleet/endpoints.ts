import { databaseFault, getPool } from '../pg/client'
import { secretPurpose } from '../records/sealing-key'

/** The password that the console logs in with at an endpoint, opened by the worker's vault; null: none is registered. */
export const makeEndpointPasswords =
  (opener: { open: (sealed: string, purpose: string) => string }) =>
  async (serverId: string): Promise<string | null> => {
    const { rows } = await getPool()
      .query<{ sealed: string | null }>('select sealed_endpoint_password as sealed from servers where id = $1', [serverId])
      .catch((error: unknown) => {
        throw databaseFault(error)
      })
    const sealed = rows[0]?.sealed ?? null
    return sealed === null ? null : opener.open(sealed, secretPurpose('server', 'sealedEndpointPassword'))
  }
