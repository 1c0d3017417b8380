import type { HealthLook } from '@/lib/domain/health/kind'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** What is about to break in a running server. */
export interface HealthRead {
  /**
   * Asks these kinds, each in turn, in read-only sessions of its own with a statement timeout and a short lock timeout; one that fails says so in its look and
   * holds no other up. `timeoutMs` is for all together. Throws `shell.*`, `sql.*` where the server is not reached at all.
   */
  look: (instance: InstanceAddress, kinds: readonly string[], options: CallOptions) => Promise<HealthLook[]>
}
