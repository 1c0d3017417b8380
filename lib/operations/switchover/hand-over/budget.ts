/** The clients of a pooler wait no longer than this for a promotion, ms. */
export const budgetMs = 10_000
/** With less of it left nobody is promoted any more. */
export const reserveMs = 3_000
/** What the old primary needs to shut down and the candidate to replay, at the least. */
const stopMs = 2_000

/** A longer pause leaves no time for what follows it, and can only be undone. */
export const pauseSecondsMax = (budgetMs - reserveMs - stopMs) / 1000
