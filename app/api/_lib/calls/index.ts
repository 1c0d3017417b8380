import { activityCalls } from './activity'
import { blueprintCalls } from './blueprints'
import { certificateCalls } from './certificates'
import { discoveryCalls } from './discovery'
import { environmentCalls } from './environments'
import { healthCalls } from './health'
import { lockCalls } from './locks'
import { peopleCalls } from './people'
import { pygmyCalls } from './pygmy'
import { sampleCalls } from './samples'
import { settingCalls } from './settings'
import { sizingCalls } from './sizing'
import { statementCalls } from './statements'
import { subscriptionCalls } from './subscriptions'
import { systemCalls } from './system'
import { timelineCalls } from './timeline'
import { workCalls } from './work'

/** Every call that does not follow from a resource's declaration. */
export const calls = {
  ...systemCalls,
  ...peopleCalls,
  ...workCalls,
  ...lockCalls,
  ...activityCalls,
  ...blueprintCalls,
  ...certificateCalls,
  ...discoveryCalls,
  ...subscriptionCalls,
  ...environmentCalls,
  ...healthCalls,
  ...sampleCalls,
  ...settingCalls,
  ...sizingCalls,
  ...statementCalls,
  ...timelineCalls,
  ...pygmyCalls,
}
