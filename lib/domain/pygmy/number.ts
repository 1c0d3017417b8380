/** A whole number that PostgreSQL keeps as an integer, also as text; null: it is none. */
export const wholeNumber = (value: unknown): number | null => {
  const number = typeof value === 'number' || (typeof value === 'string' && /^\d{1,10}$/.test(value)) ? Number(value) : Number.NaN
  return Number.isInteger(number) && number >= 0 && number <= 2_147_483_647 ? number : null
}
