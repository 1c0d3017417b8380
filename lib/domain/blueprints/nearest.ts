/** How many letters are to be added, left out or replaced to make one text of the other. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}

/** The known name that the unknown one is most likely meant to be; null: none is near. */
export const nearest = (name: string, known: Iterable<string>): string | null => {
  let best: { name: string; apart: number } | null = null
  for (const one of known) {
    const apart = distance(name, one)
    if (best === null || apart < best.apart) best = { name: one, apart }
  }
  return best !== null && best.apart <= Math.max(2, Math.floor(name.length / 3)) ? best.name : null
}
