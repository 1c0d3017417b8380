interface Line {
  at: string | null
  pid: number | null
  level: string
  text: string
}

const isSame = (one: Line, other: Line): boolean =>
  one.at === other.at && one.pid === other.pid && one.level === other.level && one.text === other.text

/**
 * Of two looks at the end of one log, what the second has after the first: where its beginning is an end of the first. Lines that are equal in all are told apart by
 * their place. Without anything in common, as after a rotation, all of it.
 */
export const newSince = <One extends Line>(before: readonly One[], now: readonly One[]): readonly One[] => {
  for (let common = Math.min(before.length, now.length); common > 0; common--) {
    const first = before.length - common
    if (before.slice(first).every((one, index) => isSame(one, now[index]!))) return now.slice(common)
  }
  return now
}
