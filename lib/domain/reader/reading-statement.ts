const readingWords = ['select', 'with', 'values', 'table', 'show', 'explain']

/** A statement from its first word on: without the blanks, comments (PostgreSQL nests those of the second kind) and opening brackets before it. */
const fromFirstWord = (sql: string): string => {
  let rest = sql
  for (;;) {
    const trimmed = rest.replace(/^[\s(]+/, '').replace(/^--[^\n]*/, '')
    const next = trimmed.startsWith('/*') ? trimmed.slice(commentLength(trimmed)) : trimmed
    if (next === rest) return next
    rest = next
  }
}

const firstWordOf = (sql: string): string => /^[a-z]+/i.exec(fromFirstWord(sql))?.[0].toLowerCase() ?? ''

const commentLength = (text: string): number => {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const pair = text.slice(at, at + 2)
    if (pair !== '/*' && pair !== '*/') continue
    depth += pair === '/*' ? 1 : -1
    at += 1
    if (depth === 0) return at + 1
  }
  return text.length
}

/**
 * Why a statement is none of the forms that read; null: it is one. PostgreSQL's own READ ONLY lets COPY … TO PROGRAM, DO, CALL and LOAD through. Only the form
 * is judged: what a function does that the statement calls is up to the login it runs as.
 */
export const whyNotReading = (sql: string): string | null => {
  const word = firstWordOf(sql)
  if (readingWords.includes(word)) return null
  const forms = `${readingWords.slice(0, -1).join(', ')} or ${readingWords.at(-1)}`.toUpperCase().replace(' OR ', ' or ')
  return `${word === '' ? 'This' : word.toUpperCase()} is no form that reads: without “May write” a statement begins with ${forms}.`
}

/** What a statement does that a manager such as Patroni would undo; null: nothing of the kind. By its form: a function of somebody’s own may do anything. */
export const deedOfStatement = (sql: string): 'alter-system' | 'promote' | null => {
  if (/^alter\s+system\b/i.test(fromFirstWord(sql))) return 'alter-system'
  return /\bpg_promote\s*\(/i.test(sql) ? 'promote' : null
}
