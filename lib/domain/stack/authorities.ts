/**
 * How a cluster comes by another authority: everybody trusts both before anybody shows a certificate of the new one, and the former one is given up last.
 * `keep`: certificates alone are rotated.
 */
export const authoritySteps = ['keep', 'add', 'use', 'retire'] as const
export type AuthorityStep = (typeof authoritySteps)[number]

/** one: the cluster trusts its own alone. coming: a new one too, which signs nothing yet. former: the new one signs, and the former is still trusted. */
export type AuthorityState = 'one' | 'coming' | 'former'

export const stepsFrom: Readonly<Record<AuthorityState, readonly AuthorityStep[]>> = {
  one: ['keep', 'add'],
  coming: ['keep', 'use'],
  former: ['keep', 'retire'],
}

/** Before the name of what a rotation has made and what is not the cluster's own yet. */
export const nextMark = 'next '

/** Where an authority is kept that signs nothing yet; no server has such a name. */
export const comingAuthority = 'coming authority'

interface Pair {
  certificate: string
  privateKey: string
}

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g

/** Of the trusted ones, PEM, the one that signs first. */
export const certificatesIn = (text: string): string[] => [...text.matchAll(pem)].map(([one]) => one)

export const authorityStateOf = (own: string, hasComing: boolean): AuthorityState =>
  hasComing ? 'coming' : certificatesIn(own).length > 1 ? 'former' : 'one'

/** By what a rotation keeps beside what is in use. `own`: the certificates that will be trusted, where they change. */
export const madeFor = (own: string | undefined, hasComing: boolean): AuthorityStep => {
  if (own === undefined) return 'keep'
  if (hasComing) return 'add'
  return certificatesIn(own).length > 1 ? 'use' : 'retire'
}

/**
 * `own`: trusted certificates, the signer's first, with the signer's key; signs the servers' certificates. `isChanged`: they are others than before.
 * Throws RangeError for a step that does not follow from what there is.
 */
export const authorityAfter = (
  step: AuthorityStep,
  own: Pair,
  coming: Pair | undefined,
  makeAuthority: () => Pair,
): { own: Pair; isChanged: boolean; made: Pair | null } => {
  const [signer = ''] = certificatesIn(own.certificate)
  if (!stepsFrom[authorityStateOf(own.certificate, coming !== undefined)].includes(step))
    throw new RangeError(`“${step}” does not follow from the authorities that there are.`)
  if (step === 'keep') return { own, isChanged: false, made: null }
  if (step === 'retire') return { own: { ...own, certificate: signer }, isChanged: true, made: null }
  const made = step === 'add' ? makeAuthority() : null
  const certificate = made === null ? `${coming!.certificate}${signer}` : `${signer}${made.certificate}`
  return { own: { certificate, privateKey: made === null ? coming!.privateKey : own.privateKey }, isChanged: true, made }
}
