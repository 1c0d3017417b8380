/** SQL identifiers and literals as PostgreSQL's own quote_ident and quote_literal write them. A NUL byte throws RangeError: no value can hold one. */
const refuseNul = (text: string): void => {
  if (text.includes('\0')) throw new RangeError('PostgreSQL text cannot hold a NUL byte.')
}

/** Always quoted, so that keywords and capitals need no list. */
export const quoteIdentifier = (name: string): string => {
  refuseNul(name)
  return `"${name.replaceAll('"', '""')}"`
}

/** Right whatever `standard_conforming_strings` is: text with a backslash becomes an E'' literal. */
export const quoteLiteral = (text: string): string => {
  refuseNul(text)
  const quoted = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}
