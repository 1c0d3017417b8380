/** A PostgreSQL version. From 10 on the major is one number; before, it was two (`9.6`). */
export interface PgVersion {
  /** As directories and Debian's tools write it: `15`, `9.6`. */
  major: string
  /** Null for a bare major such as PG_VERSION holds. */
  minor: number | null
  /** `server_version_num`: 150018; a missing minor counts as 0. */
  number: number
}

const pattern = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\s*(?:beta|rc|devel)\d*)?(?:[\s(].*)?$/

/** Reads `15.18`, `15`, `9.6.24`, `18beta1`, `15.18 (Debian 15.18-1.pgdg12+1)`; null when it is no version. */
export const parsePgVersion = (text: string): PgVersion | null => {
  const parts = pattern.exec(text.trim())
  if (!parts) return null
  const [first, second, third] = [
    Number(parts[1]),
    parts[2] === undefined ? null : Number(parts[2]),
    parts[3] === undefined ? null : Number(parts[3]),
  ]
  if (first >= 10) return { major: String(first), minor: second, number: first * 10_000 + (second ?? 0) }
  if (second === null) return null
  return { major: `${first}.${second}`, minor: third, number: first * 10_000 + second * 100 + (third ?? 0) }
}

/** `150018` → `15.18`, `90624` → `9.6.24`. */
export const versionOfNumber = (number: number): string =>
  number >= 100_000
    ? `${Math.floor(number / 10_000)}.${number % 10_000}`
    : `${Math.floor(number / 10_000)}.${Math.floor(number / 100) % 100}.${number % 100}`

/** The last major without `standby.signal`: up to it `recovery.conf` makes a server a standby. */
export const lastMajorWithRecoveryConf = 11
