import { isIP } from 'node:net'

/** `ns1.example.com`, `10.0.0.1:5353`, `[fd00::1]:53`, `fd00::1`. */
export const parseServer = (text: string): { host: string; port: number } => {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(text)
  if (bracketed) return { host: bracketed[1]!, port: Number(bracketed[2] ?? 53) }
  if (isIP(text) === 6) return { host: text, port: 53 }
  const [host = '', port = '53'] = text.split(':')
  return { host, port: Number(port) }
}
