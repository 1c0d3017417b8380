/** Positions in the write-ahead log: `16/B374D848`, a 64-bit byte count written as two hexadecimal halves. */
const pattern = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/

/** Bytes since 0/0; null when the text is no LSN. */
export const parseLsn = (text: string): bigint | null => {
  const parts = pattern.exec(text.trim())
  return parts ? (BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`) : null
}

/** PostgreSQL's own writing: capitals, no leading zeros. Throws RangeError outside 64 bits. */
export const formatLsn = (position: bigint): string => {
  if (position < 0n || position >= 1n << 64n) throw new RangeError(`${position} is not a 64-bit position`)
  const half = (value: bigint) => value.toString(16).toUpperCase()
  return `${half(position >> 32n)}/${half(position & 0xffff_ffffn)}`
}

/**
 * Bytes from `from` up to `to`, negative when `from` is ahead; null when either is missing or no LSN.
 * Compares positions only: on different timelines the difference means little.
 */
export const lsnBytesBetween = (from: string | null, to: string | null): number | null => {
  const [low, high] = [from === null ? null : parseLsn(from), to === null ? null : parseLsn(to)]
  return low === null || high === null ? null : Number(high - low)
}

/** How far a position is behind another, never negative: a standby can be ahead of an older look at its primary. */
export const lagBytes = (standby: string | null, primary: string | null): number | null => {
  const bytes = lsnBytesBetween(standby, primary)
  return bytes === null ? null : Math.max(0, bytes)
}
