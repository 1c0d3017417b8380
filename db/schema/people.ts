import { sql } from 'drizzle-orm'
import { bigint, boolean, check, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Role } from '@/lib/kernel/access/access'
import { id, moment, stamps } from './columns'
import { environments } from './fleet'

export type PersonSource = 'local' | 'directory' | 'oidc'

export const people = pgTable(
  'people',
  {
    id: id(),
    userName: text('user_name').notNull(),
    fullName: text('full_name').notNull().default(''),
    email: text('email').notNull().default(''),
    /** local: the console keeps the password. directory: LDAP. oidc: an identity provider, by what `identities` holds. */
    source: text('source').$type<PersonSource>().notNull().default('local'),
    /** scrypt, with its parameters; null for people of the directory or a provider. Never selected by generic code. */
    passwordHash: text('password_hash'),
    /** Lower case, as the directory gave them when last asked: what logins, tokens and scheduled runs hold by groups. Empty for local accounts. */
    groups: text('groups').array().notNull().default(sql`'{}'`),
    groupsAt: moment('groups_at'),
    /** Since when the directory no longer vouches for the account (gone, disabled, locked for good): it holds nothing until it does again. */
    absentAt: moment('absent_at'),
    isDisabled: boolean('is_disabled').notNull().default(false),
    lastLoginAt: timestamp('last_login_at', { withTimezone: true }),
    /** Column choice, density and theme per list; nothing security hangs on. */
    preferences: jsonb('preferences').notNull().default({}),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('people_user_name_key').on(sql`lower(${t.userName})`),
    index('people_user_name_trgm').using('gin', t.userName.op('gin_trgm_ops')),
  ],
)

/** Whom an identity provider means by a subject. A name may change hands there; this does not. */
export const identities = pgTable(
  'identities',
  {
    personId: uuid('person_id')
      .primaryKey()
      .references(() => people.id, { onDelete: 'cascade' }),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    /** Sealed with AUTH_SECRET; null: the provider gives none. Never selected by generic code. */
    refreshToken: text('refresh_token'),
    /** A web process asks with the token until then. Two at once would look to the provider like a thief. */
    claimedUntil: moment('claimed_until'),
  },
  (t) => [uniqueIndex('identities_subject_key').on(t.issuer, t.subject)],
)

/** A role for one person (`personId`) or for everybody in a group of the directory or the identity provider (`groupName`), in one environment or in all. */
export const grants = pgTable(
  'grants',
  {
    id: id(),
    personId: uuid('person_id').references(() => people.id, { onDelete: 'cascade' }),
    groupName: text('group_name'),
    role: text('role').$type<Role>().notNull(),
    environmentId: uuid('environment_id').references(() => environments.id, { onDelete: 'cascade' }),
    ...stamps(),
  },
  (t) => [
    index('grants_person_idx').on(t.personId),
    uniqueIndex('grants_once_key').on(
      sql`coalesce(${t.personId}::text, '')`,
      sql`lower(coalesce(${t.groupName}, ''))`,
      t.role,
      sql`coalesce(${t.environmentId}::text, '')`,
    ),
  ],
)

/** A login. The cookie carries its id; revoking it ends the login at the next request. Groups are those the directory gave at login, for the record: what counts is `people.groups`. */
export const sessions = pgTable(
  'sessions',
  {
    id: id(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    groups: text('groups').array().notNull().default(sql`'{}'`),
    from: text('from_address'),
    userAgent: text('user_agent'),
    createdAt: moment('created_at').notNull().defaultNow(),
    seenAt: moment('seen_at').notNull().defaultNow(),
    /** When the person last proved who they are: at the login, or by their password since. */
    provedAt: moment('proved_at').notNull().defaultNow(),
    /** Of an identity provider: its name for the login there, which ends this one with it. */
    providerSid: text('provider_sid'),
    /** An identity provider vouched for more than a password. */
    isStrong: boolean('is_strong').notNull().default(false),
    /** When an identity provider last vouched for them again, for a fresh proof that is not complete yet. */
    vouchedAt: moment('vouched_at'),
    expiresAt: moment('expires_at').notNull(),
    revokedAt: moment('revoked_at'),
  },
  (t) => [index('sessions_person_idx').on(t.personId)],
)

/** What a person proves besides the password. Kept only once a first code has shown that it works; `name` as its owner calls it. */
export const secondFactors = pgTable(
  'second_factors',
  {
    id: id(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<'totp' | 'passkey'>().notNull(),
    name: text('name').notNull(),
    /** Of an authenticator app: the seed, sealed with AUTH_SECRET. Never selected by generic code. */
    secret: text('secret'),
    /** Of an authenticator app: the last time step whose code was taken, so that no code counts twice. */
    lastStep: bigint('last_step', { mode: 'number' }),
    /** Of a passkey: what its device calls it, and its public key (COSE), both base64url. */
    credentialId: text('credential_id'),
    publicKey: text('public_key'),
    /** Of a passkey: how often its device says it was used; 0 for ever on a device that does not count. One that goes back was copied. */
    counter: bigint('counter', { mode: 'number' }).notNull().default(0),
    /** Of a passkey: how its device is reached, as the browser said: usb, nfc, ble, internal, hybrid. */
    transports: text('transports').array().notNull().default(sql`'{}'`),
    createdAt: moment('created_at').notNull().defaultNow(),
    confirmedAt: moment('confirmed_at'),
    lastUsedAt: moment('last_used_at'),
  },
  (t) => [
    index('second_factors_person_idx').on(t.personId),
    uniqueIndex('second_factors_credential_key').on(t.credentialId),
    check(
      'second_factors_kind_check',
      sql`(kind = 'totp' and secret is not null) or (kind = 'passkey' and credential_id is not null and public_key is not null)`,
    ),
  ],
)

/** What a passkey is to sign: each for one login or half of one and one purpose, for minutes, for one answer, right or wrong. */
export const passkeyChallenges = pgTable('passkey_challenges', {
  /** Who was asked, and for what: `session <id> add`, `session <id> prove`, `half <hash>`. */
  asked: text('asked').primaryKey(),
  challenge: text('challenge').notNull(),
  expiresAt: moment('expires_at').notNull(),
})

/** SHA-256 of codes that each stand in for a second factor once. */
export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    hash: text('hash').notNull(),
    usedAt: moment('used_at'),
  },
  (t) => [primaryKey({ columns: [t.personId, t.hash] })],
)

/** Logins whose password is proved and whose second factor is not: each for one browser, for minutes, for one use. They open nothing. */
export const halfLogins = pgTable('half_logins', {
  /** SHA-256 of what the browser's cookie carries. */
  hash: text('hash').primaryKey(),
  personId: uuid('person_id')
    .notNull()
    .references(() => people.id, { onDelete: 'cascade' }),
  groups: text('groups').array().notNull().default(sql`'{}'`),
  providerSid: text('provider_sid'),
  expiresAt: moment('expires_at').notNull(),
})

/** API tokens: `mat_<prefix>_<secret>`; only the SHA-256 of the whole is kept. A token never holds more than its owner holds at the time of use. */
export const tokens = pgTable(
  'tokens',
  {
    id: id(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    prefix: text('prefix').notNull(),
    hash: text('hash').notNull(),
    role: text('role').$type<Role>().notNull().default('viewer'),
    environmentId: uuid('environment_id').references(() => environments.id, { onDelete: 'cascade' }),
    expiresAt: moment('expires_at'),
    lastUsedAt: moment('last_used_at'),
    revokedAt: moment('revoked_at'),
    ...stamps(),
  },
  (t) => [uniqueIndex('tokens_prefix_key').on(t.prefix), index('tokens_person_idx').on(t.personId)],
)

/** Failed logins per user name and per address, for the rate limit. */
export const loginAttempts = pgTable('login_attempts', {
  key: text('key').primaryKey(),
  failures: integer('failures').notNull().default(0),
  firstAt: moment('first_at').notNull().defaultNow(),
  blockedUntil: moment('blocked_until'),
})

export const savedViews = pgTable(
  'saved_views',
  {
    id: id(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    resource: text('resource').notNull(),
    name: text('name').notNull(),
    /** The query string of the list, without `page`. */
    query: text('query').notNull(),
    isShared: boolean('is_shared').notNull().default(false),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('saved_views_name_key').on(t.personId, t.resource, sql`lower(${t.name})`),
    index('saved_views_resource_idx').on(t.resource),
  ],
)

/** Answers kept for a repeated Idempotency-Key, a day long. `status` null: the first request is still at work. */
export const idempotency = pgTable(
  'idempotency',
  {
    /** Person or token, and the key they chose. */
    key: text('key').primaryKey(),
    requestHash: text('request_hash').notNull(),
    status: integer('status'),
    body: text('body'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [index('idempotency_created_idx').on(t.createdAt)],
)
