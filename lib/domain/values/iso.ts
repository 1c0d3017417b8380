/** A moment as it crosses to a browser or a script: ISO 8601 in UTC with milliseconds. */
export const iso = (at: Date | null): string | null => at?.toISOString() ?? null

/** A moment within a sentence: `2026-11-21 02:00 UTC`. */
export const utcMinute = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
