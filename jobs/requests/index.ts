/** All that the web side sees of the workers: ask for a plan, submit it, steer the run. It holds no key and reaches no host. */
export { closeQueue, migrateQueue, setQueue } from '../queue/location'
export { askForPlan, getPlan, type StoredPlan, waitForPlan } from './ask-plan'
export { breakLock, herdLock, keepLock, lockHerd, unlockHerd } from './locks'
export { moveScheduled } from './move-scheduled'
export { cancelScheduled, scheduleRun } from './schedule-run'
export { cancelRun, releaseLease, resumeJob, retryFailed, waitForRun } from './steer'
export { approvePlan, type Submitted, submitRun } from './submit'
export { targetsOf } from './targets-of'
