import { claimHostChecks, saveHostCheck } from '@/db/fleet/host-checks'
import type { HostsRead } from '@/lib/ports'
import type { Log } from '../queue/log'
import { startOnDemand } from './on-demand'

const atOnceMax = 8
const checkTimeoutMs = 60_000

/** Checks hosts that somebody is about to register. */
export const startHostChecks = ({ hosts, log }: { hosts: Pick<HostsRead, 'check'>; log: Log }): Promise<{ stop: () => Promise<void> }> =>
  startOnDemand({
    name: 'host-checks',
    atOnceMax,
    claim: claimHostChecks,
    work: async ({ id, address, profile }, stopping) => {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(checkTimeoutMs)])
      const steps = await hosts.check(address, { timeoutMs: checkTimeoutMs, profile, signal })
      await saveHostCheck(id, { steps, because: null })
    },
    saveFault: ({ id }, { because }) => saveHostCheck(id, { steps: null, because }),
    about: ({ address }) => ({ host: address.address }),
    log,
  })
