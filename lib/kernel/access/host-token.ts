/** Why a host's token speaks for nobody, or not for the host named in what it sent. */
export type TokenRefusal =
  | { outcome: 'token-unknown' }
  /** Asked for while the host was known: a person has not accepted it yet. */
  | { outcome: 'token-waits'; hostname: string }
  | { outcome: 'other-host'; hostname: string }
