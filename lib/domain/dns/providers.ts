/** The services through which a zone can be changed. `changeMs`: how long one may take to say that all its servers have a change. */
export const dnsProviders = {
  rfc2136: { title: 'Dynamic update (RFC 2136)', changeMs: 10_000 },
  /** About a minute. */
  route53: { title: 'Amazon Route 53', changeMs: 120_000 },
}

export type DnsProvider = keyof typeof dnsProviders
