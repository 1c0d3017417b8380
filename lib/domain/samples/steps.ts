/** Seconds that one point of a chart may stand for. */
const steps = [10, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 21_600, 86_400]

/** Single looks are kept at least this long after their hour has ended; older ones are means of a minute. */
export const freshHours = 1
export const minuteSeconds = 60
/** What minutes become after days. */
export const coarseSeconds = 600

/**
 * How many seconds a point stands for, so that at most `points` cover the window, and none is finer than what is kept of the window's begin: moments in
 * seconds since 1970. `minuteDays`: after how many days minutes are thinned.
 */
export const stepSeconds = (window: { from: number; to: number; now: number }, points: number, minuteDays: number): number => {
  const age = window.now - window.from
  // Who asks for the last hour is answered a little later than he asked.
  const finest = age > minuteDays * 86_400 ? coarseSeconds : age > freshHours * 3600 + minuteSeconds ? minuteSeconds : steps[0]!
  const wanted = (window.to - window.from) / points
  return steps.find((one) => one >= finest && one >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400
}

/** How often each instance is sampled, in milliseconds: ten seconds in a small fleet, a minute in a large one, so that what is written does not grow without bound. */
export const sampleEveryMs = (instances: number): number => Math.min(60_000, Math.max(10_000, instances * 24))
