import type { PlanEnvironment } from '@/lib/kernel/operation/plan'

/** An environment as its badge shows it: where something lives, and how much is asked before something is done there. */
export type BadgedEnvironment = Pick<PlanEnvironment, 'id' | 'name' | 'colour' | 'protection'>
