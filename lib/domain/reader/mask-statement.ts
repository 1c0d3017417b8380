/** Pieces of a statement in order: texts in quotation marks or between dollar signs, and the rest with comments left out of it. */
export const piecesOf = (sql: string): { isLiteral: boolean; text: string }[] => {
  const pieces: { isLiteral: boolean; text: string }[] = []
  let from = 0
  const cut = (to: number, isLiteral: boolean) => {
    if (to > from) pieces.push({ isLiteral, text: sql.slice(from, to) })
    from = to
  }
  for (let at = 0; at < sql.length; ) {
    const end = literalEnd(sql, at)
    if (end !== null) {
      cut(at, false)
      cut(end, true)
      at = end
    } else at = commentEnd(sql, at) ?? at + 1
  }
  cut(sql.length, false)
  return pieces
}

const endAfter = (sql: string, mark: string, from: number): number => {
  const at = sql.indexOf(mark, from)
  return at < 0 ? sql.length : at + mark.length
}

const commentEnd = (sql: string, at: number): number | null => {
  if (sql.startsWith('--', at)) return endAfter(sql, '\n', at)
  return sql.startsWith('/*', at) ? endAfter(sql, '*/', at + 2) : null
}

/** Past the literal that begins here; one without an end goes to the end of the statement. null: none begins here. */
const literalEnd = (sql: string, at: number): number | null => {
  if (sql[at] === '$') {
    const tag = /^\$(?:[A-Za-z_]\w{0,62})?\$/.exec(sql.slice(at, at + 66))?.[0]
    return tag === undefined || /\w/.test(sql[at - 1] ?? '') ? null : endAfter(sql, tag, at + tag.length)
  }
  if (sql[at] !== "'") return null
  const hasEscapes = /(^|\W)e$/i.test(sql.slice(Math.max(0, at - 2), at))
  for (let to = at + 1; to < sql.length; to += 1) {
    if (hasEscapes && sql[to] === '\\') to += 1
    else if (sql[to] === "'" && sql[to + 1] === "'") to += 1
    else if (sql[to] === "'") return to + 1
  }
  return sql.length
}

/** `alter role … password 'x'`, `options (password 'x')`, `where password = 'x'`. */
const beforePassword = /\bpassw(?:or)?d"?\s{0,20}=?\s{0,20}(?:e|u&|n)?$/i
/** A connection string within a text: `host=x password=y`. */
const inConninfo = /(passw(?:or)?d\s{0,20}=\s{0,20})(''(?:[^']|'(?!'))*''|[^\s'"&]+)/gi
/** `postgresql://user:password@host`. */
const inUrl = /(\bpostgres(?:ql)?:\/\/[^\s:/@']{0,200}:)[^\s@']+(?=@)/gi
/** A verifier is no password, and still enough to guess one from. */
const verifier = /SCRAM-SHA-256\$[^\s']+|\bmd5[0-9a-f]{32}\b/g

const masked = (sql: string, hidesVerifiers: boolean): string => {
  let before = ''
  return piecesOf(sql)
    .map(({ isLiteral, text }) => {
      const follows = beforePassword.test(before)
      before = isLiteral ? '' : text.slice(-60)
      if (!isLiteral) return text
      if (follows && (hidesVerifiers || !/^'SCRAM-SHA-256\$/.test(text))) return "'…'"
      const known = text.replaceAll(inConninfo, '$1…').replaceAll(inUrl, '$1…')
      return hidesVerifiers ? known.replaceAll(verifier, '…') : known
    })
    .join('')
}

/** For eyes that need not see it: passwords and their verifiers are hidden, wherever a statement of PostgreSQL has a place for them. */
export const maskStatement = (sql: string): string => masked(sql, true)

/** It holds a password in clear text, as far as that can be told from its form; a SCRAM verifier is none. */
export const holdsPassword = (sql: string): boolean => masked(sql, false) !== sql
