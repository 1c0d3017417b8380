/** As much of DER (X.690) as a certificate needs. Each gives one whole element. */

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const lengthBytes = (length: number): number[] => {
  if (length < 128) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return [0x80 | bytes.length, ...bytes]
}

export const element = (tag: number, content: Uint8Array): Uint8Array =>
  join([Uint8Array.from([tag, ...lengthBytes(content.length)]), content])

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => element(0x30, join(parts))
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array => element(0x31, join(parts))
/** `[n]` around other elements. */
export const within = (n: number, ...parts: readonly Uint8Array[]): Uint8Array => element(0xa0 | n, join(parts))

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export const utf8 = (value: string): Uint8Array => element(0x0c, text(value))
export const octets = (content: Uint8Array): Uint8Array => element(0x04, content)
export const boolean = (value: boolean): Uint8Array => element(0x01, Uint8Array.of(value ? 0xff : 0))
/** `unused`: bits at its end that say nothing. */
export const bits = (content: Uint8Array, unused = 0): Uint8Array => element(0x03, join([Uint8Array.of(unused), content]))
/** `[n]` with text or bytes of its own, as names of a certificate have them. */
export const tagged = (n: number, value: string | Uint8Array): Uint8Array =>
  element(0x80 | n, typeof value === 'string' ? text(value) : value)

/** A number of any size, from its bytes, never negative. */
export const integer = (bytes: Uint8Array): Uint8Array => {
  const from = bytes.findIndex((byte) => byte !== 0)
  const short = from === -1 ? Uint8Array.of(0) : bytes.slice(from)
  return element(0x02, short[0]! > 127 ? join([Uint8Array.of(0), short]) : short)
}

export const identifier = (dotted: string): Uint8Array => {
  const [first, second, ...more] = dotted.split('.').map(Number)
  const base128 = (value: number): number[] => {
    const bytes = [value & 0x7f]
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f))
    return bytes
  }
  return element(0x06, Uint8Array.from([first! * 40 + second!, ...more.flatMap(base128)]))
}

/** To the second, in UTC; RFC 5280 has two digits of the year until 2049. */
export const time = (at: Date): Uint8Array => {
  const digits = at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
  return at.getUTCFullYear() < 2050 ? element(0x17, text(`${digits.slice(2)}Z`)) : element(0x18, text(`${digits}Z`))
}

export { join as joinBytes }
