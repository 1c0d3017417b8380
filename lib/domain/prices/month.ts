/** As AWS counts a month. */
export const hoursPerMonth = 730

/** USD for a month of an hourly price; what is not known stays so. */
export const perMonth = (hourlyUsd: number | null): number | null => (hourlyUsd === null ? null : hourlyUsd * hoursPerMonth)

const cents = { minimumFractionDigits: 2, maximumFractionDigits: 2 }

/** `$140.16` */
export const dollars = (usd: number): string => `$${usd.toLocaleString('en-US', cents)}`

/** `$0.0192`: a price per hour with as many digits as AWS gives. */
export const hourlyDollars = (usd: number): string =>
  `$${usd.toLocaleString('en-US', { minimumFractionDigits: 4, maximumFractionDigits: usd < 0.01 ? 6 : 4 })}`

export const notKnown = 'not known'
