/** What takes less is said once, when it is done. */
const quietMs = 400
const reminderMs = 15_000

/** Says what is under way, with the time since the start before each line. Plain JavaScript: it is there before the npm packages. */
export const makeProgress = (say = console.log) => {
  const startedAt = performance.now()
  const running = new Set()
  let saidAt = startedAt
  const line = (text) => {
    saidAt = performance.now()
    say(`  ${seconds(saidAt - startedAt).padStart(7)}  ${text}`)
  }
  const step = (name, work) => {
    const beganAt = performance.now()
    running.add(name)
    const announcement = setTimeout(() => line(`${name} …`), quietMs)
    const reminder = setInterval(() => {
      if (performance.now() - saidAt >= reminderMs) line(`still under way: ${[...running].join(', ')}`)
    }, 1000)
    const end = (how) => {
      clearTimeout(announcement)
      clearInterval(reminder)
      running.delete(name)
      line(`${name}: ${how} ${seconds(performance.now() - beganAt)}`)
    }
    work.then(
      () => end('done in'),
      () => end('failed after'),
    )
    return work
  }
  return { step, line, elapsedMs: () => performance.now() - startedAt }
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
