import type { CheckStep } from '@/lib/domain/values/check-step'
import type { DirectoryPerson } from './directory'

/** What a browser is to bring back with the provider's answer. None of it leaves the console but sealed. */
export interface HeldQuestion {
  state: string
  nonce: string
  /** Of PKCE: without it nobody else can use the code. */
  verifier: string
  /** Milliseconds since 1970 by the console's clock: a fresh proof is a login that came after it. */
  askedAt: number
}

/** A login that the provider vouches for. */
export interface ProvidedLogin {
  issuer: string
  /** Who it is, for the provider alone and for ever; names may change hands. */
  subject: string
  /** `groups` in lower case, with the configured prefix. */
  person: DirectoryPerson
  /** Of the login at the provider, so that its end ends this one; null: it does not say. */
  sid: string | null
  /** The provider says that more than a password was given (`amr` or `acr`). */
  isStrong: boolean
  /** null: the provider gives none, and cannot be asked again without the person. */
  refreshToken: string | null
}

export interface AskedAgain {
  /** null: it does not say. */
  groups: string[] | null
  /** The one to ask with next time; null: the same as this time. */
  refreshToken: string | null
}

/** A login at the provider has ended: those of this subject, or of this one login of theirs, that began before. */
export interface LogoutNotice {
  issuer: string
  subject: string | null
  sid: string | null
  at: Date
}

export type ProviderStep = CheckStep<'discovery' | 'keys', 'pass' | 'fail' | 'skipped'>

/** An OpenID Connect provider: authorization code with PKCE. Every call answers within the deadline the adapter was made with. */
export interface IdentityProvider {
  /** As people know it. */
  name: string
  /** Where the browser is to go, and what it must bring back. `isFresh`: the person must sign in there now. Throws `auth.provider-down`. */
  ask: (options: { isFresh: boolean }) => Promise<{ address: string; held: HeldQuestion }>
  /** Judges what the browser brought: `query` of the callback. Throws `auth.rejected`, `auth.provider-down`. */
  answer: (query: URLSearchParams, held: HeldQuestion, options: { isFresh: boolean }) => Promise<ProvidedLogin>
  /** Where the person of a browser signs out there; null: it names no place for that. Throws `auth.provider-down`. */
  signOutAddress: () => Promise<string | null>
  /** Whether it still vouches for the person; null: no more. Throws `auth.provider-down`. */
  askAgain: (refreshToken: string, subject: string) => Promise<AskedAgain | null>
  /** Judges a logout token (back-channel logout). Throws `input.invalid`, `auth.provider-down`. */
  readLogout: (token: string) => Promise<LogoutNotice>
  /** Step by step, for the settings page; never throws. */
  check: () => Promise<ProviderStep[]>
}
