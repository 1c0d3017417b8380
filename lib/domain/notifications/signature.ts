/**
 * How a webhook is signed: HMAC-SHA256 over the time and the body, in hex, once for each secret that is valid. The receiver computes its own, compares it with each
 * `v1` in constant time, and refuses a time that is more than some minutes off.
 */
export const signatureHeader = 'matriarch-signature'

/** `at`: seconds since 1970. */
export const signedText = (at: number, body: string): string => `${at}.${body}`

export const signatureValue = (at: number, signatures: readonly string[]): string =>
  [`t=${at}`, ...signatures.map((signature) => `v1=${signature}`)].join(',')

/** null: not in this form. */
export const readSignature = (value: string): { at: number; signatures: string[] } | null => {
  const parts = value.split(',').map((part) => part.split('=') as [string, string | undefined])
  const at = parts.find(([name]) => name === 't')?.[1]
  const signatures = parts.flatMap(([name, text]) => (name === 'v1' && /^[0-9a-f]{64}$/.test(text ?? '') ? [text!] : []))
  return at !== undefined && /^\d{1,12}$/.test(at) && signatures.length > 0 ? { at: Number(at), signatures } : null
}
