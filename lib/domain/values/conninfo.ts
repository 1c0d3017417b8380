const secrets: ReadonlySet<string> = new Set(['password', 'sslpassword'])

/** Keywords of a libpq connection string or URI; none of one longer than 8192 characters. Secrets are left out: no fact of ours ever holds one. */
export const parseConninfo = (conninfo: string): Record<string, string> =>
  Object.fromEntries(pairsOf(conninfo).filter(([key]) => !secrets.has(key)))

/** Writing such a string again from what we know of it would lose its password. One that is too long to be read might. */
export const holdsPassword = (conninfo: string): boolean =>
  conninfo.length > lengthMax || pairsOf(conninfo).some(([key, value]) => secrets.has(key) && value !== '')

/** A libpq connection string: every value quoted, so that blanks and quotes stay within it. Keywords are letters and underscores; others throw RangeError. */
export const writeConninfo = (conninfo: Readonly<Record<string, string>>): string =>
  Object.entries(conninfo)
    .map(([key, value]) => {
      if (!/^[a-z_]+$/.test(key)) throw new RangeError(`“${key}” is no keyword of a connection string.`)
      if (/[\0\r\n]/.test(value)) throw new RangeError(`The value of ${key} cannot hold a line end.`)
      return /^[A-Za-z0-9_./:-]+$/.test(value) ? `${key}=${value}` : `${key}='${value.replace(/[\\']/g, '\\$&')}'`
    })
    .join(' ')

type Pair = [key: string, value: string]

/** What a server says of itself may be anything; libpq itself would not use more. */
const lengthMax = 8192

const pairsOf = (conninfo: string): Pair[] => {
  if (conninfo.length > lengthMax) return []
  const text = conninfo.trim()
  const uri = /^postgres(?:ql)?:\/\//.exec(text)
  return uri ? pairsOfUri(text.slice(uri[0].length)) : pairsOfText(conninfo)
}

const pairsOfText = (conninfo: string): Pair[] =>
  [...conninfo.matchAll(/(?<!\w)(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s\\]|\\.)*))/gs)].map(([, key, quoted, plain]) => [
    key!,
    (quoted ?? plain ?? '').replace(/\\(.)/gs, '$1'),
  ])

/** `user:password@host:port,host:port/dbname?key=value`: every part may be missing. */
const pairsOfUri = (rest: string): Pair[] => {
  const [, user, password, hosts = '', database, query = ''] =
    /^(?:([^:@/?]*)(?::([^@/?]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
  const places = hosts.split(',').map((place) => /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(place))
  const given: [string, string | undefined][] = [
    ['user', user],
    ['password', password],
    ['host', places.map((place) => (place?.[1] ?? '').replace(/^\[|\]$/g, '')).join(',')],
    ['port', places.map((place) => place?.[2] ?? '').join(',')],
    ['dbname', database],
    ...query
      .split('&')
      .filter(Boolean)
      .map((pair): [string, string] => [pair.split('=', 1)[0]!, pair.slice(pair.indexOf('=') + 1)]),
  ]
  return given.flatMap(([key, value]): Pair[] => (value && /[^,]/.test(value) ? [[key, decoded(value)]] : []))
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
