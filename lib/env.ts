import { readFileSync } from 'node:fs'
import { z } from 'zod'

/**
 * Reads `process.env` for both server processes; who else does stands in `e2e/walls/walls.ts`. Every variable is checked at start and every fault is named at once.
 * A secret may be given through a file: `AUTH_SECRET_FILE=/run/secrets/auth` instead of `AUTH_SECRET`.
 */
const url = (schemes: string[]) =>
  z.string().refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)), {
    message: `must start with ${schemes.map((s) => `${s}://`).join(' or ')}`,
  })

const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], { message: 'must be true or false' })
  .transform((value) => ['true', '1', 'yes'].includes(value))

const whole = (min: number, max: number) =>
  z.coerce
    .number({ message: 'must be a whole number' })
    .int('must be a whole number')
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`)

const networks = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  )
  .refine((values) => values.every((one) => /^[0-9A-Fa-f.:]+\/\d{1,3}$/.test(one)), { message: 'must be networks such as 10.1.0.0/16' })

const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const vaultKey = z.string().refine((value) => Buffer.from(value, 'base64').length === 32, {
  message: 'must be 32 bytes in base64; make one with: openssl rand -base64 32',
})

const variables = z.object({
  DATABASE_URL: url(['postgres', 'postgresql']).describe('The metadata database, with the login of this process.'),
  WEB_DATABASE_PASSWORD: z
    .string()
    .min(12, 'must have at least 12 characters')
    .optional()
    .describe('Set for the web’s login of the metadata database (npm run migrate only).'),
  WORKER_DATABASE_PASSWORD: z
    .string()
    .min(12, 'must have at least 12 characters')
    .optional()
    .describe('Set for the workers’ login of the metadata database (npm run migrate only).'),
  REDIS_URL: url(['redis', 'rediss']).optional().describe('Redis for the queue; without it the queue lives in the metadata database.'),
  MATRIARCH_URL: url(['http', 'https'])
    .default('http://127.0.0.1:3000')
    .describe('Where people reach the console. Passkeys need a host name here, by https or localhost.'),
  AUTH_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe('Signs login cookies (web only). Make one with: openssl rand -base64 48'),
  VAULT_KEY: vaultKey.optional().describe('Seals SSH keys and other secrets at rest (worker only).'),
  VAULT_KEY_OTHER: vaultKey
    .optional()
    .describe('A second key that opens what is sealed too, while one replaces the other (worker only; SECURITY.md).'),
  SESSION_HOURS: whole(1, 24 * 30)
    .default(12)
    .describe('A login ends after this many hours.'),
  SESSION_IDLE_MINUTES: whole(1, 24 * 60)
    .default(120)
    .describe('An idle login ends after this many minutes.'),
  TOKEN_DAYS: whole(0, 3650)
    .default(366)
    .describe('Longest life of an API token made from now on, in days; 0: also one without an end (web).'),
  SECOND_FACTOR: z
    .enum(['optional', 'administrators', 'everybody'], { message: 'must be optional, administrators or everybody' })
    .default('optional')
    .describe('Who must have a second factor: at their next request on the console they can do nothing but add one.'),
  TRUSTED_PROXIES: whole(0, 10)
    .default(0)
    .describe(
      'Number of your own proxies in front of the console that append to X-Forwarded-For; must be given when MATRIARCH_URL is https.',
    ),
  PLAIN_NETWORK: flag
    .default(false)
    .describe('PostgreSQL and Redis of this console may be reached without verified TLS, because nobody else is on the network between.'),
  LDAP_URL: url(['ldap', 'ldaps']).optional().describe('The directory.'),
  LDAP_STARTTLS: flag.default(false).describe('Upgrade an ldap:// connection with StartTLS.'),
  LDAP_CA_FILE: z.string().optional().describe('PEM file with the CA of the directory’s certificate.'),
  LDAP_CRL_FILE: z
    .string()
    .optional()
    .describe('PEM file with the revocation lists of its authorities, one of each, held against its certificate at each login.'),
  LDAP_BIND_DN: z.string().optional().describe('Service account for searching.'),
  LDAP_BIND_PASSWORD: z.string().optional().describe('Its password.'),
  LDAP_BASE_DN: z.string().optional().describe('Where people are searched for.'),
  LDAP_USER_ATTRIBUTE: z.string().default('uid').describe('Attribute that holds the user name.'),
  LDAP_USER_FILTER: z.string().optional().describe('A filter people must pass besides, such as (memberOf=cn=staff,dc=example,dc=org).'),
  LDAP_GROUP_BASE_DN: z
    .string()
    .optional()
    .describe(
      'Where groups are searched for; default: LDAP_BASE_DN. Grants name groups directly below it by common name, deeper ones by DN.',
    ),
  OIDC_ISSUER: url(['http', 'https']).optional().describe('An OpenID Connect provider, besides the directory or instead of it (web).'),
  OIDC_CLIENT_ID: z.string().optional().describe('The console’s name there. Its redirect address is MATRIARCH_URL/api/auth/oidc/callback.'),
  OIDC_CLIENT_SECRET: z.string().optional().describe('Its secret there.'),
  OIDC_NAME: z.string().max(40).default('single sign-on').describe('As the login page calls the provider.'),
  OIDC_SCOPES: z
    .string()
    .default('openid profile email')
    .describe(
      'What is asked for, with blanks between. Most providers need offline_access for refresh tokens, and a scope of theirs for groups.',
    ),
  OIDC_USER_CLAIM: z.string().default('preferred_username').describe('The claim that holds the user name.'),
  OIDC_GROUPS_CLAIM: z.string().default('groups').describe('The claim that holds the groups, which grants name.'),
  OIDC_GROUP_PREFIX: z
    .string()
    .max(40)
    .default('')
    .describe('Put before each of its groups, so that a grant to a group of the directory is none to a group of the provider.'),
  OIDC_STRONG: z
    .string()
    .optional()
    .describe(
      'What of the provider’s logins counts as a second factor, with commas between: mfa (in amr), or values of acr. Such a login is asked for none here.',
    ),
  OIDC_VOUCHED_HOURS: whole(1, 24 * 30)
    .default(24)
    .describe(
      'So long a person stays vouched for of whom the provider cannot be asked, for want of a refresh token or of an answer; then they hold nothing until their next login.',
    ),
  MESSAGE_NETWORKS: networks.describe(
    'Private networks that messages of subscriptions may go to, with commas between: 10.1.0.0/16. Plain http is taken only by a loopback named here (worker).',
  ),
  MESSAGE_CA_FILE: z
    .string()
    .optional()
    .describe('PEM file with further authorities that webhooks and the mail server are trusted by (worker).'),
  RDS_CA_FILE: z
    .string()
    .optional()
    .describe('PEM file with the authorities that endpoints of Amazon RDS are trusted by: AWS publishes global-bundle.pem (worker).'),
  HOOKS_DIRECTORY: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .optional()
    .describe(
      'Directory of the scripts that resizes run as hooks, the same on every worker. It and its files belong to root or to the worker’s user, and nobody else may change them (worker).',
    ),
  SMTP_URL: url(['smtp', 'smtps']).optional().describe('The mail server for subscriptions; smtp:// needs STARTTLS (worker).'),
  SMTP_CRL_FILE: z.string().optional().describe('The same for the mail server.'),
  SMTP_USER: z.string().optional().describe('Login at the mail server.'),
  SMTP_PASSWORD: z.string().optional().describe('Its password.'),
  SMTP_FROM: z.string().optional().describe('Sender of mails: matriarch@example.org.'),
  WORKER_ADDRESSES: z
    .string()
    .regex(
      /^[0-9A-Fa-f.:]+(\/\d{1,3})?(,[0-9A-Fa-f.:]+(\/\d{1,3})?)*$/,
      'must be addresses or networks separated by commas: 10.0.0.5,10.1.0.0/24',
    )
    .optional()
    .describe(
      'Addresses that workers reach hosts from, separated by commas: the line for authorized_keys then lets the SSH key in from there alone (web).',
    ),
  WORKER_CONCURRENCY: whole(1, 500).default(50).describe('Jobs one worker drives at once.'),
  OBSERVER: flag.default(true).describe('Whether this worker also observes the fleet.'),
  RESULT_DAYS: whole(1, 3650).default(30).describe('Rows that statements answered with are removed after this many days.'),
  AUDIT_FILE: z
    .string()
    .regex(/^\/.*[^/]$/, 'must be the absolute path of a file')
    .optional()
    .describe(
      'File of the worker’s own, outside of the database’s reach, for the signed checkpoints of the audit log; only added to, mode 0600 (worker).',
    ),
  AUDIT_SYSLOG: url(['udp', 'tcp', 'tls', 'unix'])
    .optional()
    .describe('Where they are sent besides: udp://, tcp:// or tls://HOST:PORT (RFC 5424), or unix:///dev/log (worker).'),
  SAMPLE_DAYS: whole(1, 90).default(7).describe('Samples of a minute are thinned to ten minutes after this many days (worker and web).'),
  SAMPLE_COARSE_DAYS: whole(1, 3650).default(60).describe('Samples of ten minutes are removed after this many days (worker).'),
  PYGMY_OPEN_AS: z
    .string()
    .max(100)
    .optional()
    .describe(
      'User name of the person as whom scripts on this very machine may call /v1/api without a token, as they called pygmy; empty: nobody (web).',
    ),
  PYGMY_TIME_ZONE: z
    .string()
    .refine(isZone, 'must be a time zone such as Europe/Berlin')
    .default('UTC')
    .describe('Time zone of the schedules that come through /v1/api: the one of the machine that pygmy ran on (web).'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], { message: 'must be debug, info, warn or error' })
    .default('info')
    .describe('Minimum log level.'),
  PLAYGROUND_PEOPLE: z.string().optional().describe('Set by the playground: JSON of the people the login page offers to try.'),
})

export type Env = z.infer<typeof variables>

/** A configuration that cannot be used, with every fault in it. */
export class EnvironmentFault extends Error {
  constructor(readonly faults: string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
    this.name = 'EnvironmentFault'
  }
}

const withFiles = (source: Record<string, string | undefined>, faults: string[]): Record<string, string> => {
  const values: Record<string, string> = {}
  for (const name of Object.keys(variables.shape)) {
    const value = source[name]
    const file = source[`${name}_FILE`]
    if (value !== undefined && value !== '') values[name] = value
    else if (file) {
      try {
        values[name] = readFileSync(file, 'utf8').trim()
      } catch (cause) {
        faults.push(`${name}_FILE: ${file} cannot be read (${(cause as Error).message})`)
      }
    }
  }
  return values
}

const crossFaults = (value: Env): string[] => {
  const faults: string[] = []
  if (value.LDAP_URL && !value.LDAP_BASE_DN) faults.push('LDAP_BASE_DN: is needed with LDAP_URL')
  if (value.LDAP_URL?.startsWith('ldap://') && !value.LDAP_STARTTLS)
    faults.push('LDAP_URL: an ldap:// directory needs LDAP_STARTTLS=true; passwords are never sent in the clear')
  if (value.LDAP_URL?.startsWith('ldaps://') && value.LDAP_STARTTLS) faults.push('LDAP_STARTTLS: makes no sense with ldaps://')
  if (value.LDAP_BIND_DN && !value.LDAP_BIND_PASSWORD)
    faults.push('LDAP_BIND_PASSWORD: is needed with LDAP_BIND_DN; an empty password would be an anonymous bind')
  if (value.OIDC_ISSUER && !(value.OIDC_CLIENT_ID && value.OIDC_CLIENT_SECRET))
    faults.push('OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: are needed with OIDC_ISSUER')
  if (value.OIDC_ISSUER?.startsWith('http://') && !isThisMachine(value.OIDC_ISSUER))
    faults.push('OIDC_ISSUER: must be https; codes and tokens are never sent in the clear')
  if (!value.OIDC_SCOPES.split(' ').includes('openid')) faults.push('OIDC_SCOPES: must hold openid')
  if (value.SMTP_URL && new URL(value.SMTP_URL).username !== '') faults.push('SMTP_URL: takes no login; set SMTP_USER and SMTP_PASSWORD')
  if (value.SMTP_URL && !value.SMTP_FROM) faults.push('SMTP_FROM: is needed with SMTP_URL')
  if (value.SMTP_USER && !value.SMTP_PASSWORD) faults.push('SMTP_PASSWORD: is needed with SMTP_USER')
  return faults
}

const differentMin = 10

/** A secret that was typed, or made by repeating something, is long and still guessed. */
const isWeak = (secret: string): boolean => new Set(secret).size < differentMin || /^(.{1,16}?)\1+.{0,15}$/.test(secret)

const isThisMachine = (url: string): boolean => {
  const { hostname, searchParams } = new URL(url.replace('@/', '@localhost/'))
  return ['localhost', '127.0.0.1', '[::1]', ''].includes(hostname) || (searchParams.get('host') ?? '').startsWith('/')
}

/** What crosses a network in the clear: password hashes, sealed keys and everything the console is told. */
const plainFaults = ({ DATABASE_URL, REDIS_URL, PLAIN_NETWORK }: Env): string[] => {
  const faults: string[] = []
  const or = 'or say PLAIN_NETWORK=true if nobody else is on the network between'
  if (PLAIN_NETWORK) return faults
  if (!isThisMachine(DATABASE_URL) && !/[?&]sslmode=verify-full(&|$)/.test(DATABASE_URL))
    faults.push(`DATABASE_URL: is on another machine; add sslmode=verify-full (and sslrootcert=FILE for a CA of your own), ${or}`)
  if (REDIS_URL?.startsWith('redis://') && !isThisMachine(REDIS_URL)) faults.push(`REDIS_URL: is on another machine; use rediss://, ${or}`)
  return faults
}

const webFaults = ({ AUTH_SECRET, MATRIARCH_URL, PYGMY_OPEN_AS }: Env, source: Record<string, string | undefined>): string[] => {
  const faults: string[] = []
  // Behind a proxy that does not say for whom it calls, everybody would seem to be on this machine.
  if (PYGMY_OPEN_AS && MATRIARCH_URL.startsWith('https://') && source.TRUSTED_PROXIES === '0')
    faults.push('PYGMY_OPEN_AS: cannot be used behind a proxy that does not append to X-Forwarded-For (TRUSTED_PROXIES=0)')
  if (AUTH_SECRET === undefined) faults.push('AUTH_SECRET: is not set. Make one with: openssl rand -base64 48')
  else if (isWeak(AUTH_SECRET)) faults.push('AUTH_SECRET: can be guessed; make one with: openssl rand -base64 48')
  // This process speaks plain HTTP, so with https something is in front; taken for one client, it would share one limit of failed logins among everybody.
  if (MATRIARCH_URL.startsWith('https://') && !source.TRUSTED_PROXIES)
    faults.push(
      'TRUSTED_PROXIES: is needed with an https MATRIARCH_URL: how many proxies in front append to X-Forwarded-For (0: none does)',
    )
  return faults
}

/** As `readEnv`, and what this process must not start without. Throws EnvironmentFault. */
export const readEnvOf = (kind: 'web' | 'worker', source: Record<string, string | undefined>): Env => {
  const value = readEnv(source)
  const faults = [...plainFaults(value), ...(kind === 'web' ? webFaults(value, source) : [])]
  if (faults.length > 0) throw new EnvironmentFault(faults)
  return value
}

/** Reads and checks a set of variables. Throws EnvironmentFault with all faults at once. */
export const readEnv = (source: Record<string, string | undefined>): Env => {
  const faults: string[] = []
  const parsed = variables.safeParse(withFiles(source, faults))
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.')
      const isMissing = issue.code === 'invalid_type' && source[name] === undefined
      faults.push(
        `${name}: ${isMissing ? `is not set. ${variables.shape[name as keyof typeof variables.shape]?.description ?? ''}` : issue.message}`,
      )
    }
  } else faults.push(...crossFaults(parsed.data))
  if (faults.length > 0 || !parsed.success) throw new EnvironmentFault(faults)
  return parsed.data
}

let cached: Env | null = null

/** The process's configuration, read once. */
export const env = (): Env => {
  cached ??= readEnv(process.env)
  return cached
}

/** First thing in a process: its configuration, or why it must not start. Throws EnvironmentFault. */
export const startEnv = (kind: 'web' | 'worker'): Env => {
  cached = readEnvOf(kind, process.env)
  return cached
}

/** What seals cookies. Throws EnvironmentFault in a process that has none. */
export const authSecret = (): string => {
  const { AUTH_SECRET } = env()
  if (AUTH_SECRET === undefined) throw new EnvironmentFault(['AUTH_SECRET: is not set'])
  return AUTH_SECRET
}

/** Name, meaning and default of every variable, for the README's table and the settings page. No values. */
export const environmentTable = (): { name: string; meaning: string; fallback: string }[] =>
  Object.entries(variables.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined)
    return {
      name,
      meaning: schema.description ?? '',
      fallback: fallback.success && fallback.data !== undefined ? String(fallback.data) : '',
    }
  })
