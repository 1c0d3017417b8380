import { parseLsn } from '../values/lsn'

/** The oldest file in a server's pg_wal, without its timeline, and how long each file is. */
export interface OldestWal {
  /** 16 hexadecimal digits: the last two thirds of a file's name. */
  segment: string
  segmentBytes: number
}

/** The file that holds a position, without its timeline: `0000000000000003`. null: no position, or no size of a file. */
export const segmentOf = (lsn: string, segmentBytes: number): string | null => {
  const position = parseLsn(lsn)
  if (position === null || segmentBytes <= 0) return null
  const size = BigInt(segmentBytes)
  const perLog = (1n << 32n) / size
  const number = position / size
  const half = (value: bigint) => value.toString(16).toUpperCase().padStart(8, '0')
  return half(number / perLog) + half(number % perLog)
}

/** null: not known. Names of files sort as their positions do. */
export const holdsWalFrom = (oldest: OldestWal | null, lsn: string | null): boolean | null => {
  const wanted = oldest === null || lsn === null ? null : segmentOf(lsn, oldest.segmentBytes)
  return wanted === null ? null : wanted >= oldest!.segment
}
