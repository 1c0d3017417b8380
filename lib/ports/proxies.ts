import type { ProxySeen } from '@/lib/domain/managers/haproxy'
import type { HostAddress } from './addresses'
import type { CallOptions } from './postgres'

export interface ProxiesRead {
  /** Each HAProxy that runs on the host, as its runtime socket says. Throws `shell.*`. */
  look: (host: HostAddress, options: CallOptions) => Promise<ProxySeen[]>
}
