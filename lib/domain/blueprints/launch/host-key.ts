const begin = '-----BEGIN SSH HOST KEY FINGERPRINTS-----'

/** The ed25519 fingerprint (`SHA256:…`) that cloud-init wrote on a machine's console; null: it has not written it yet. */
export const hostKeyOn = (console: string): string | null => {
  const at = console.lastIndexOf(begin)
  return at < 0 ? null : (/\b(SHA256:\S{1,64}) [^\n]*\(ED25519\)/.exec(console.slice(at))?.[1] ?? null)
}
