import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { AskedAgain, HeldQuestion, IdentityProvider, LogoutNotice, ProvidedLogin, ProviderStep } from '@/lib/ports/identity-provider'
import { asPerson, type ClaimOptions, groupsOf, isStrong, textOf } from './claims'

export interface OidcOptions extends ClaimOptions {
  /** As people know it. */
  name: string
  /** https, or http on this machine. */
  issuer: string
  clientId: string
  clientSecret: string
  /** Where the provider sends browsers back to. */
  redirectUri: string
  /** With blanks between; `openid` is among them. */
  scopes: string
  deadlineMs: number
}

/** What the provider says of itself is read again after this long. */
const configuredMs = 3_600_000
/** Of the login that a fresh proof is: from when the provider says it was until the browser is back. */
const freshSeconds = 120
/** How far the provider's clock may be behind the console's. */
const behindSeconds = 30
/** A logout token counts for as long as the specification asks a provider to make one for. */
const logoutAge = '2 minutes'
/** Of keys that only the provider has: a token signed with something that both know, or with nothing, is nobody's. */
const signedWith = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

const down = (because: string, cause?: unknown) => new Fault('auth.provider-down', { because }, { cause })

/** Errors of the network, of time, and of a server that is not itself; anything else is an answer. */
const isDown = (error: unknown): boolean => {
  if (error instanceof client.ResponseBodyError) return error.status >= 500
  const { name, code } = error as { name?: string; code?: string }
  if (name === 'TypeError' || name === 'TimeoutError') return true
  return [
    'OAUTH_TIMEOUT',
    'OAUTH_ABORT',
    'OAUTH_RESPONSE_IS_NOT_CONFORM',
    'OAUTH_RESPONSE_IS_NOT_JSON',
    'ERR_JWKS_TIMEOUT',
    'ERR_JOSE_GENERIC',
  ].includes(code ?? '')
}

const why = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { message?: string } }
  return [message, cause?.message].filter(Boolean).join(': ')
}

/** A refusal that is about the person: the grant is gone, they would have to be asked. */
const isOfPerson = (error: unknown): boolean =>
  error instanceof client.ResponseBodyError &&
  ['invalid_grant', 'interaction_required', 'login_required', 'consent_required', 'access_denied'].includes(error.error)

/** What a provider answered with instead of a login: its code alone, for the description is written by whoever sent the browser. */
const refusal = (error: unknown): string =>
  error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError
    ? `The identity provider refused: ${error.error.slice(0, 60)}.`
    : 'The answer of the identity provider is not for this login. Sign in again.'

/**
 * An OpenID Connect provider by its discovery document: authorization code, PKCE, state, nonce, `iss` (RFC 9207), the ID token's signature.
 * Authorities of its own are trusted through NODE_EXTRA_CA_CERTS.
 */
export const makeOidcProvider = (options: OidcOptions): IdentityProvider => {
  const issuer = new URL(options.issuer)
  let known: { at: number; config: Promise<client.Configuration> } | null = null

  const discovered = (): Promise<client.Configuration> => {
    if (known !== null && Date.now() - known.at < configuredMs) return known.config
    const config = client.discovery(issuer, options.clientId, undefined, client.ClientSecretBasic(options.clientSecret), {
      timeout: options.deadlineMs / 1000,
      execute: [client.enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [])],
    })
    const now = { at: Date.now(), config }
    known = now
    config.catch(() => {
      if (known === now) known = null
    })
    return config
  }

  const keysOf = (config: client.Configuration) => {
    const { jwks_uri } = config.serverMetadata()
    if (jwks_uri === undefined) throw new Error('the provider names no keys')
    if (issuer.protocol === 'https:' && !jwks_uri.startsWith('https:')) throw new Error('the provider’s keys are not at an https address')
    return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: options.deadlineMs })
  }
  let keys: { of: client.Configuration; set: ReturnType<typeof createRemoteJWKSet> } | null = null
  const keysFor = (config: client.Configuration) => {
    if (keys?.of !== config) keys = { of: config, set: keysOf(config) }
    return keys.set
  }

  const converse = async <T>(work: (config: client.Configuration) => Promise<T>, refused: (error: unknown) => T | Fault): Promise<T> => {
    try {
      return await work(
        await discovered().catch((error: unknown) => {
          throw down(`The identity provider ${options.issuer} does not answer as it should: ${why(error)}.`, error)
        }),
      )
    } catch (error) {
      if (isFault(error)) throw error
      if (isDown(error)) throw down(`The identity provider ${options.issuer} does not answer as it should: ${why(error)}.`, error)
      const answer = refused(error)
      if (answer instanceof Fault) throw answer
      return answer
    }
  }

  /** The ID token's claims, with what else the provider tells of the person. */
  const claimsOf = async (config: client.Configuration, accessToken: string, subject: string, claims: object): Promise<JWTPayload> => {
    if (!config.serverMetadata().userinfo_endpoint) return { ...claims }
    return { ...(await client.fetchUserInfo(config, accessToken, subject)), ...claims } as JWTPayload
  }

  const ask = ({ isFresh }: { isFresh: boolean }) =>
    converse(
      async (config) => {
        const held = {
          state: client.randomState(),
          nonce: client.randomNonce(),
          verifier: client.randomPKCECodeVerifier(),
          askedAt: Date.now(),
        }
        const address = client.buildAuthorizationUrl(config, {
          redirect_uri: options.redirectUri,
          scope: options.scopes,
          state: held.state,
          nonce: held.nonce,
          code_challenge: await client.calculatePKCECodeChallenge(held.verifier),
          code_challenge_method: 'S256',
          ...(isFresh ? { prompt: 'login', max_age: '0' } : {}),
        })
        return { address: address.href, held }
      },
      (error) => down(why(error), error),
    )

  const answer = (query: URLSearchParams, held: HeldQuestion, { isFresh }: { isFresh: boolean }): Promise<ProvidedLogin> =>
    converse(
      async (config) => {
        // The public address is the configured one, never the Host header.
        const current = new URL(options.redirectUri)
        current.search = query.toString()
        const tokens = await client.authorizationCodeGrant(config, current, {
          expectedState: held.state,
          expectedNonce: held.nonce,
          pkceCodeVerifier: held.verifier,
          idTokenExpected: true,
          ...(isFresh ? { maxAge: freshSeconds } : {}),
        })
        const id = tokens.claims()!
        if (isFresh && id.auth_time! + behindSeconds < held.askedAt / 1000)
          throw new Fault('auth.rejected', {
            because: 'The identity provider let you in by a login of before. Sign in there again, or have the clocks compared.',
          })
        const claims = await claimsOf(config, tokens.access_token, id.sub, id)
        return {
          issuer: id.iss,
          subject: id.sub,
          person: asPerson(claims, options),
          sid: textOf(claims.sid),
          isStrong: isStrong(claims, options),
          refreshToken: tokens.refresh_token ?? null,
        }
      },
      (error) => new Fault('auth.rejected', { because: refusal(error) }, { cause: error }),
    )

  // It asks the person there whether it is meant, for it is told nothing but which console they came from.
  const signOutAddress = () =>
    converse(
      async (config) => (config.serverMetadata().end_session_endpoint === undefined ? null : client.buildEndSessionUrl(config).href),
      (error) => down(why(error), error),
    )

  const askAgain = (refreshToken: string, subject: string): Promise<AskedAgain | null> =>
    converse(
      async (config) => {
        const tokens = await client.refreshTokenGrant(config, refreshToken)
        const id = tokens.claims()
        // Somebody else's token vouches for nobody.
        if (id !== undefined && id.sub !== subject) return null
        const claims = await claimsOf(config, tokens.access_token, subject, id ?? {}).catch((error: unknown) => {
          // What the console was let in for a moment ago is closed to this person.
          if (error instanceof client.WWWAuthenticateChallengeError) return null
          throw error
        })
        if (claims === null) return null
        // Left out is none where the whole of what it tells was asked for, as at a login.
        const isWhole = id !== undefined || config.serverMetadata().userinfo_endpoint !== undefined
        return { groups: groupsOf(claims, options) ?? (isWhole ? [] : null), refreshToken: tokens.refresh_token ?? null }
      },
      (error) => {
        if (isOfPerson(error)) return null
        // Such as a secret of the console's own that no longer holds: it says nothing about the person.
        return down(`The identity provider refuses the console: ${why(error)}.`, error)
      },
    )

  const readLogout = (token: string): Promise<LogoutNotice> =>
    converse(
      async (config) => {
        const { payload } = await jwtVerify(token, keysFor(config), {
          issuer: config.serverMetadata().issuer,
          audience: options.clientId,
          algorithms: signedWith,
          maxTokenAge: logoutAge,
          clockTolerance: 30,
          requiredClaims: ['iat', 'jti', 'events'],
        })
        const events = payload.events as Record<string, unknown> | undefined
        const [subject, sid] = [textOf(payload.sub), textOf(payload.sid)]
        if (typeof events !== 'object' || !(logoutEvent in events) || 'nonce' in payload || (subject === null && sid === null))
          throw new Error('no logout token')
        return { issuer: payload.iss!, subject, sid, at: new Date(payload.iat! * 1000) }
      },
      (error) => new Fault('input.invalid', { because: 'This is no logout token of the identity provider.' }, { cause: error }),
    )

  const check = async (): Promise<ProviderStep[]> => {
    const steps: ProviderStep[] = [
      { name: 'discovery', title: 'Describes itself', verdict: 'skipped', because: '' },
      { name: 'keys', title: 'Shows the keys it signs with', verdict: 'skipped', because: '' },
    ]
    const take = async (step: ProviderStep, work: () => Promise<string>) => {
      try {
        Object.assign(step, { because: await work(), verdict: 'pass' })
      } catch (error) {
        Object.assign(step, { because: why(error), verdict: 'fail' })
        throw error
      }
    }
    try {
      known = null
      const config = await take(steps[0]!, async () => (await discovered()).serverMetadata().issuer).then(discovered)
      await take(steps[1]!, async () => {
        const set = keysFor(config)
        await set.reload()
        return `${set.jwks()?.keys.length ?? 0} keys`
      })
    } catch {
      // The failed step carries the reason; the one after it stays skipped.
    }
    return steps
  }

  return { name: options.name, ask, answer, signOutAddress, askAgain, readLogout, check }
}
