/** As AWS counts a month. */
export const hoursPerMonth = 730

/** USD for a month of an hourly price; what is not known stays so. */
export const perMonth = (hourlyUsd: number | null): number | null => (hourlyUsd === null ? null : hourlyUsd * hoursPerMonth)

const cents = { minimumFractionDigits: 2, maximumFractionDigits: 2 }

/** `$140.16` */
export const dollars = (usd: number): string => `$${usd.toLocaleString('en-US', cents)}`

/** `$0.0016` of what is less than ten cents, so that the first minutes of a ledger are not $0.00; else as `dollars`. */
export const smallDollars = (usd: number): string => (usd === 0 || Math.abs(usd) >= 0.1 ? dollars(usd) : `$${usd.toFixed(4)}`)

/** `$0.0192`: a price per hour with as many digits as AWS gives. */
export const hourlyDollars = (usd: number): string =>
  `$${usd.toLocaleString('en-US', { minimumFractionDigits: 4, maximumFractionDigits: usd < 0.01 ? 6 : 4 })}`

export const notKnown = 'not known'
