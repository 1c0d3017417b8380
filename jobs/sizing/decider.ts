import type { Log } from '../queue/log'
import type { Waker } from '../queue/waker'

export interface Decider {
  waker: Pick<Waker, 'wakePlan' | 'wakeJobs'>
  log: Log
  /** The time that decides what is due. Default: the clock of the console's database. */
  now?: () => Promise<Date>
}
