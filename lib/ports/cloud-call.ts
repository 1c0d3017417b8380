export interface CloudCallOptions {
  /** From the call on, its wait for its turn included; `list` asks two questions, each in this time. */
  timeoutMs: number
  signal?: AbortSignal
}

/** Where a machine or a DB instance is asked about and acted on: the account and the region that it was found in. */
export interface MachinePlace {
  accountId: string
  region: string
  instanceId: string
}

/** How one cloud account is reached, its secrets opened. Only the worker ever holds one, for one call. */
export interface CloudSettings {
  /** The console's own id of the account. */
  id: string
  name: string
  /** null: AWS's own. */
  endpoint: string | null
  /** null: what the worker's machine has (profile, role, environment). */
  credentials: { accessKeyId: string; secretAccessKey: string } | null
  /** Assumed with the credentials above; null: they are used as they are. */
  role: { arn: string; externalId: string | null } | null
}

export type MachineMarket = 'on-demand' | 'spot'
