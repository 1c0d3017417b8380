import type { Json } from '@/lib/kernel/ground/json'
import type { ActPorts } from '@/lib/ports'

/** One part of the time in which the clients wait. */
export type Part = {
  name: 'pause' | 'stop-primary' | 'aim' | 'catch-up' | 'promote' | 'resume'
  /** ISO, by the console's clock. */
  startedAt: string
  tookMs: number
}

/** What is durable before the candidate is told to promote; with `isPassed` there is no undo. */
export type Passed = {
  isPassed: true
  checkpointLsn: string
  controlState: string
  replayedLsn: string
  parts: Part[]
  /** It was not promoted in time, and the next driver stops it before it looks. */
  isStopped?: true
  /** Until when nobody else decides who leads, ms by the console's clock; absent: nobody else does. */
  heldUntil?: number
}

export const passedOf = (mark: Json): Passed | null =>
  typeof mark === 'object' && mark !== null && 'isPassed' in mark && mark.isPassed === true ? (mark as unknown as Passed) : null

/** Takes the time of each part, whatever becomes of it. */
export const timing =
  (ports: ActPorts, parts: Part[]) =>
  async <T>(name: Part['name'], work: () => Promise<T>): Promise<T> => {
    const began = ports.read.now()
    try {
      return await work()
    } finally {
      parts.push({ name, startedAt: began.toISOString(), tookMs: ports.read.now().getTime() - began.getTime() })
    }
  }

/** The candidate was stopped by us: once the way back is open, it is started again. */
export const wasStopped = (mark: Json): boolean =>
  typeof mark === 'object' && mark !== null && 'isStopped' in mark && mark.isStopped === true

/** null: nobody was asked to hold still, or not yet. */
export const heldUntilOf = (mark: Json): number | null =>
  typeof mark === 'object' && mark !== null && 'heldUntil' in mark && typeof mark.heldUntil === 'number' ? mark.heldUntil : null
