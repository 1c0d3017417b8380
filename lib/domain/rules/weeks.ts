import { clockAt, momentOf } from '../values/maintenance-window'
import type { WeeksBefore } from './conditions'

const weekMs = 7 * 86_400_000

/** By the clock of a zone, so that a change of clocks between does not move it. */
export const weeksBeforeIn =
  (zone: string): WeeksBefore =>
  (at, weeks) => {
    const rest = at % 1000
    return momentOf(clockAt(at - rest, zone) - weeks * weekMs, zone) + rest
  }
