import type { MemoryFleet } from '@/lib/adapters/memory'

/** The standby of that title was promoted by itself, wrote what its primary does not have, and was stopped. */
export const diverge = (fleet: MemoryFleet, title: string, primary: string): void => {
  const { walBytes } = fleet.instance(primary)
  Object.assign(fleet.instance(title), {
    state: 'stopped',
    ranAsStandby: false,
    timeline: 2,
    forks: [{ timeline: 1, bytes: walBytes }],
    walBytes: walBytes + 8192,
    checkpointBytes: walBytes + 8000,
    upstreamId: null,
  })
}
