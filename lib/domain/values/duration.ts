const unitSeconds: Record<string, number> = { ms: 0.001, s: 1, sec: 1, min: 60, m: 60, h: 3600, d: 86_400, w: 604_800 }
const piece = /(\d+(?:\.\d+)?)\s*(ms|sec|s|min|m|h|d|w)?/gy

/** Seconds as a person reads them: `0.24 s`, `8 s`, `2 min 5 s`, `3 h 10 min`, `4 d 2 h`. At most two parts. */
export const formatDuration = (seconds: number): string => {
  if (seconds < 0) return `-${formatDuration(-seconds)}`
  if (seconds < 0.001) return '0 s'
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`
  let rest = Math.round(seconds)
  const parts: string[] = []
  for (const [name, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${name}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** `90`, `1.5s`, `250 ms`, `2h 30min`, `1d`: seconds; null when it is none of these. A number alone is seconds; `m` is minutes. */
export const parseDuration = (text: string): number | null => {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return null
  let seconds = 0
  let position = 0
  while (position < wanted.length) {
    piece.lastIndex = position
    const found = piece.exec(wanted)
    if (!found) return null
    const isAlone = found[0].length === wanted.length
    if (!found[2] && !isAlone) return null
    seconds += Number(found[1]) * unitSeconds[found[2] ?? 's']!
    position = piece.lastIndex
    while (wanted[position] === ' ') position += 1
  }
  return seconds
}

/** The age of an observation at `now`, in seconds; never negative, since clocks differ a little. */
export const ageSeconds = (at: Date | string, now: Date): number => Math.max(0, (now.getTime() - new Date(at).getTime()) / 1000)
