import type { PlanTarget } from './plan'

/** A target of a plan that runs, with nothing said of it. */
export const planTarget = (id: string, over: Partial<PlanTarget> = {}): PlanTarget => ({
  id,
  title: id,
  environmentId: null,
  herdId: null,
  serverId: null,
  now: [],
  eligible: true,
  reason: null,
  gates: [],
  effects: [],
  affected: [],
  locks: [],
  order: 0,
  digest: id,
  ...over,
})
