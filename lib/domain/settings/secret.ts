/** Names whose whole value is a secret, whoever's extension they are of. */
const secretName = /(passw(or)?d|secret|token|api_?key|access_?key|private_?key|credential)/i
/** PostgreSQL's own whose name only sounds like it. */
const harmless: ReadonlySet<string> = new Set(['password_encryption', 'ssl_key_file', 'gss_accept_delegation', 'md5_password_warnings'])

const mark = '…'
/** Values in single or double quotation marks, or up to a blank. */
const some = `(?:'(?:[^'\\\\]|\\\\.|'')*'|"(?:[^"\\\\]|\\\\.)*"|[^\\s'"&;|]+)`
const patterns: readonly RegExp[] = [
  // password=…, PGPASSWORD=…, AWS_SECRET_ACCESS_KEY=…, --repo1-cipher-pass=…, --token …
  new RegExp(
    `((?:[\\w-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|cipher[_-]pass)[\\w-]*)(?:\\s*[=:]\\s*|\\s+))${some}`,
    'gi',
  ),
  // scheme://user:password@host
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@'"]{0,200}:)[^\s@'"]+(?=@)/gi,
  // curl -u user:password
  /(\s(?:-u|--user)[\s=]+['"]?[^\s:'"]+:)[^\s'"]+/g,
  // Authorization: Bearer …
  /(\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}/gi,
]
/** It prints a secret: what it says literally is one. */
const wholeCommands: ReadonlySet<string> = new Set(['ssl_passphrase_command'])

/**
 * The value without passwords, keys and tokens, as it may be stored and shown: the value of `password=` in connection strings and commands, credentials in
 * addresses, and the whole value where the setting is a secret by its name. What no rule knows stays.
 */
export const maskSetting = (name: string, value: string | null): string | null => {
  if (value === null || value === '') return value
  if (wholeCommands.has(name) || (secretName.test(name) && !harmless.has(name))) return mark
  return patterns.reduce((text, pattern) => text.replaceAll(pattern, `$1${mark}`), value)
}
