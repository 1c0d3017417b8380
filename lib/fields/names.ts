const labelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

/** Why a text is no host name (RFC 1123, an underscore is none either); null when it is one. A dot at the end is refused: it is no part of the name. */
export const hostnameFault = (name: string): string | null => {
  if (name.length > 253) return 'Use at most 253 characters.'
  if (name.endsWith('.')) return 'Leave out the dot at the end.'
  const bad = name.split('.').find((label) => !labelPattern.test(label))
  if (bad === undefined) return null
  if (bad === '') return 'Two dots follow each other; write one between the parts.'
  if (bad.length > 63) return `“${bad.slice(0, 20)}…” is longer than 63 characters, the most one part may have.`
  return `“${bad}” is no part of a host name: use letters, digits and dashes, with a letter or digit first and last.`
}

/** Why a text is no absolute path that may be used on a host; null when it is one. */
export const pathFault = (path: string): string | null => {
  if (!path.startsWith('/')) return 'Start with a slash: the path is absolute.'
  if (path.includes('\0') || path.includes('\n')) return 'Leave out line breaks and NUL characters.'
  if (path.split('/').includes('..')) return 'Leave out “..”: write the path itself.'
  return null
}
