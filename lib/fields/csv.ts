/** One CSV line after RFC 4180, without its line end. A text that a spreadsheet would run as a formula starts with an apostrophe. */
export const csvLine = (values: readonly string[]): string => values.map(csvField).join(',')

const csvField = (value: string): string => {
  const safe = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
