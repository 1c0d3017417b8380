import type { Activity } from '@/lib/domain/activity/session'
import type { Log } from '../queue/log'
import type { Waker } from '../queue/waker'

export interface Decider {
  waker: Pick<Waker, 'wakePlan' | 'wakeJobs'>
  log: Log
  /** What the sessions of an instance do now. Left out: nobody can look, and what is to be counted is unknown. */
  sessionsOf?: (instanceId: string) => Promise<Activity>
  /** The time that decides what is due. Default: the clock of the console's database. */
  now?: () => Promise<Date>
}
