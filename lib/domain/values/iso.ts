/** A moment as it crosses to a browser or a script: ISO 8601 in UTC with milliseconds. */
export const iso = (at: Date | null): string | null => at?.toISOString() ?? null
