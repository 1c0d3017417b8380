/** How an environment's SSH key is replaced, in this order; `discard` instead of the second. */
export const keySteps = ['new', 'switch', 'discard'] as const
export type KeyStep = (typeof keySteps)[number]

/** Public keys in OpenSSH's form. */
export interface KeyStanding {
  /** null: no worker has made it yet. */
  current: string | null
  /** null: none. `publicKey` null: no worker has made it yet. `missing`: the first hosts that have not accepted it. */
  next: { publicKey: string | null; accepted: number; servers: number; missing: string[] } | null
}
