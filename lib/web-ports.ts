import { readFileSync } from 'node:fs'
import { makeLdapDirectory } from './adapters/ldap'
import { makeOidcProvider } from './adapters/oidc'
import { makeRedisHealth, type RedisHealth } from './adapters/redis-health'
import { env } from './env'
import type { Directory } from './ports/directory'
import type { IdentityProvider } from './ports/identity-provider'

/** The web process's composition root. It holds no SSH key and no cloud key: a directory and an identity provider are all it reaches by itself. */
interface WebPorts {
  /** null: no directory is configured, only local accounts can sign in. */
  directory: Directory | null
  /** null: none is configured. */
  provider: IdentityProvider | null
  /** null: the queue lives in the metadata database. */
  redis: RedisHealth | null
}

const makeDirectory = (): Directory | null => {
  const { LDAP_URL, LDAP_STARTTLS, LDAP_CA_FILE, LDAP_CRL_FILE, LDAP_BIND_DN, LDAP_BIND_PASSWORD, LDAP_BASE_DN, LDAP_GROUP_BASE_DN } = env()
  if (!LDAP_URL || !LDAP_BASE_DN) return null
  return makeLdapDirectory({
    url: LDAP_URL,
    startTls: LDAP_STARTTLS,
    ca: LDAP_CA_FILE ? readFileSync(LDAP_CA_FILE, 'utf8') : null,
    crl: LDAP_CRL_FILE ? () => readFileSync(LDAP_CRL_FILE, 'utf8') : null,
    service: LDAP_BIND_DN && LDAP_BIND_PASSWORD ? { dn: LDAP_BIND_DN, password: LDAP_BIND_PASSWORD } : null,
    peopleBaseDn: LDAP_BASE_DN,
    userAttribute: env().LDAP_USER_ATTRIBUTE,
    userFilter: env().LDAP_USER_FILTER ?? null,
    groupsBaseDn: LDAP_GROUP_BASE_DN ?? LDAP_BASE_DN,
    deadlineMs: 5_000,
  })
}

const makeProvider = (): IdentityProvider | null => {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME, OIDC_SCOPES, OIDC_STRONG, MATRIARCH_URL } = env()
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID || !OIDC_CLIENT_SECRET) return null
  return makeOidcProvider({
    name: OIDC_NAME,
    issuer: OIDC_ISSUER,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    redirectUri: new URL('/api/auth/oidc/callback', MATRIARCH_URL).href,
    scopes: OIDC_SCOPES,
    userClaim: env().OIDC_USER_CLAIM,
    groupsClaim: env().OIDC_GROUPS_CLAIM,
    groupPrefix: env().OIDC_GROUP_PREFIX,
    strong: OIDC_STRONG?.split(',').map((one) => one.trim()) ?? [],
    deadlineMs: 5_000,
  })
}

/** Next loads this module once per bundle; one process still has one set. */
const holder = globalThis as unknown as { __matriarchWebPorts?: WebPorts }

export const webPorts = (): WebPorts => {
  const { REDIS_URL } = env()
  holder.__matriarchWebPorts ??= {
    directory: makeDirectory(),
    provider: makeProvider(),
    redis: REDIS_URL ? makeRedisHealth(REDIS_URL) : null,
  }
  return holder.__matriarchWebPorts
}
