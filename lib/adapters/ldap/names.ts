interface Part {
  type: string
  value: string
}

/** What stands for itself in a distinguished name although it is escaped there: a backslash before it, or its bytes in hexadecimal. */
const escaped = /\\(?:([0-9a-f]{2})|(.))/giu

/** Throws when it ends within an escape. */
const unescaped = (text: string): string => {
  if (/(?<!\\)(?:\\\\)*\\$/.test(text)) throw new Error(`${text} ends within an escape`)
  const bytes: Buffer[] = []
  let end = 0
  for (const match of text.matchAll(escaped)) {
    bytes.push(Buffer.from(text.slice(end, match.index)), match[1] === undefined ? Buffer.from(match[2]!) : Buffer.from(match[1], 'hex'))
    end = match.index + match[0].length
  }
  return Buffer.concat([...bytes, Buffer.from(text.slice(end))]).toString('utf8')
}

/** Cut where one of these stands unescaped. */
const cut = (text: string, at: RegExp): string[] => {
  const pieces = ['']
  for (const [token] of text.matchAll(/\\.|[^\\]|\\$/gsu))
    if (at.test(token)) pieces.push('')
    else pieces[pieces.length - 1] += token
  return pieces
}

/** Blanks around a value that are not escaped belong to nobody. */
const trimmed = (text: string): string => text.replace(/^ +/, '').replace(/(?<!\\) +$/, '')

const parse = (dn: string): Part[][] =>
  cut(dn, /^[,;]$/).map((name) =>
    cut(name, /^\+$/).map((part) => {
      const at = part.indexOf('=')
      if (at < 1) throw new Error(`${dn} is no distinguished name`)
      return { type: part.slice(0, at).trim().toLowerCase(), value: unescaped(trimmed(part.slice(at + 1))).toLowerCase() }
    }),
  )

const written = ({ type, value }: Part): string =>
  `${type}=${value.replace(/[,;+"\\<>=#\0]|^ | $/g, (sign) => `\\${Buffer.from(sign).toString('hex')}`)}`

/**
 * What grants call a group, in lower case: always its distinguished name; and the plain name in it, for a group that lies directly under the base. Whoever
 * may make groups further down, or give theirs a second common name, makes nobody a DBA. Throws when one of them is no distinguished name (RFC 4514).
 */
export const namesOfGroup = (dn: string, groupsBaseDn: string): string[] => {
  const whole = parse(dn)
  const text = (names: Part[][]) => names.map((parts) => parts.map(written).join('+')).join(',')
  const [own, ...above] = whole
  const isDirect = text(above) === text(parse(groupsBaseDn))
  return [text(whole), ...(isDirect && own?.length === 1 && own[0]!.type === 'cn' ? [own[0]!.value] : [])]
}
