import { grants, people, sessions, tokens } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'
import { roleChoices } from './choices'

export const person = defineResource({
  name: 'person',
  table: people,
  noun: ['person', 'people'],
  menu: { group: 'People & access', key: 'p', icon: 'people' },
  title: (row) => row.userName,
  scope: 'console',
  fields: {
    userName: {
      kind: 'text',
      label: 'User name',
      required: true,
      maxLength: 80,
      pattern: { source: '^[^\\s,:]+$', message: 'Do not use spaces, commas or colons.' },
      help: 'What is typed at sign-in. Unique, ignoring case.',
    },
    fullName: { kind: 'text', label: 'Full name' },
    email: {
      kind: 'text',
      label: 'E-mail',
      pattern: { source: '^[^@\\s]+@[^@\\s]+$', message: 'Write an address such as ada@example.org.' },
    },
    source: {
      kind: 'choice',
      label: 'Source',
      automatic: true,
      choices: [
        { value: 'local', label: 'Local', tone: 'neutral' },
        { value: 'directory', label: 'Directory', tone: 'info' },
        { value: 'oidc', label: 'Identity provider', tone: 'info' },
      ],
      help: 'Local: the console keeps the password, for when the others are down. Directory and identity provider: known from a sign-in.',
    },
    isDisabled: { kind: 'flag', label: 'Disabled', help: 'Cannot sign in; sessions and tokens end immediately.' },
    absentAt: {
      kind: 'moment',
      label: 'Not vouched for since',
      automatic: true,
      help: 'Since when the directory or the identity provider no longer lets this account in. Its sessions have ended, and its tokens and scheduled runs hold nothing until it does again.',
    },
    lastLoginAt: { kind: 'moment', label: 'Last login', automatic: true },
    createdAt: { kind: 'moment', label: 'Registered', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['userName', 'fullName', 'email', 'source', 'isDisabled', 'lastLoginAt'],
    filters: ['source', 'isDisabled'],
    search: ['userName'],
    order: 'userName',
  },
  related: [
    { resource: 'grant', by: 'personId' },
    { resource: 'token', by: 'personId' },
    { resource: 'session', by: 'personId' },
  ],
  help: [
    'People from the directory appear here at their first sign-in; the grants of their groups decide what they may do.',
    'Local accounts are break-glass: keep one or two for the day the directory does not answer. Set the password on the person’s own page.',
  ],
})

export const grant = defineResource({
  name: 'grant',
  table: grants,
  noun: ['grant', 'grants'],
  menu: { group: 'People & access', key: 'n', icon: 'shield' },
  title: (row) => `${row.role}${row.groupName ? ` for ${row.groupName}` : ''}`,
  scope: 'environmentId',
  fields: {
    personId: { kind: 'reference', label: 'Person', to: 'person', help: 'Either a person or a group.' },
    groupName: {
      kind: 'text',
      label: 'Group',
      help: 'Everybody in this group. Of the directory: its common name when it lies directly below LDAP_GROUP_BASE_DN, else its whole distinguished name, without blanks between its parts. Of the identity provider: as it tells the name, with OIDC_GROUP_PREFIX before it. Case does not matter.',
    },
    role: {
      kind: 'choice',
      label: 'Role',
      required: true,
      choices: roleChoices,
      help: 'Viewer: read only. Operator: also start, stop, restart, reload and check. DBA: also register, change and run every other operation. Admin: also manage people and environments.',
    },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      empty: 'every environment',
      help: 'Where the role applies. Empty: everywhere, including future environments.',
    },
    createdAt: { kind: 'moment', label: 'Granted', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['role', 'personId', 'groupName', 'environmentId', 'createdAt'],
    filters: ['role', 'environmentId', 'groupName'],
    search: [],
    order: 'role',
  },
  help: [
    'A grant gives a role to one person, or to everybody in a group of the directory or the identity provider, in one environment or in all of them. Grants add up.',
    'An administrator of one environment can give roles in that environment only, and sees and ends nobody’s logins and tokens but their own.',
  ],
})

export const token = defineResource({
  name: 'token',
  table: tokens,
  noun: ['token', 'tokens'],
  menu: { group: 'People & access', key: 't', icon: 'key' },
  title: (row) => row.name,
  scope: { owner: 'personId' },
  fields: {
    name: { kind: 'text', label: 'Name', required: true, maxLength: 80, help: 'What it is for: nightly-report.' },
    personId: {
      kind: 'reference',
      label: 'Owner',
      to: 'person',
      automatic: true,
      help: 'A token never holds more permissions than its owner at the time of use.',
    },
    prefix: { kind: 'text', label: 'Prefix', automatic: true, help: 'The part of the token that may be shown.' },
    role: { kind: 'choice', label: 'Role', choices: roleChoices, help: 'The most it may do. Empty: viewer.' },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      empty: 'wherever its owner holds a role',
      help: 'Where it is valid. Empty: wherever its owner holds a role.',
    },
    expiresAt: { kind: 'moment', label: 'Expires', empty: 'never', help: 'It can be made to end sooner, not later.' },
    lastUsedAt: { kind: 'moment', label: 'Last used', automatic: true },
    revokedAt: { kind: 'moment', label: 'Revoked', automatic: true },
    createdAt: { kind: 'moment', label: 'Created', automatic: true },
  },
  list: {
    columns: ['name', 'prefix', 'role', 'environmentId', 'personId', 'expiresAt', 'lastUsedAt', 'revokedAt'],
    filters: ['role', 'environmentId'],
    search: [],
    order: 'name',
  },
  // Created where its secret can be shown once.
  canAdd: false,
  help: [
    'A token lets a script use the API in your name, with at most the role and the environment you give it here. It approves nothing, sets no password or other secret, and neither adds nor changes tokens, people, grants or enrolment keys.',
    'It is shown once, when it is created; only its hash is stored. Revoking it takes effect immediately.',
  ],
})

export const session = defineResource({
  name: 'session',
  table: sessions,
  noun: ['session', 'sessions'],
  title: (row) => `session from ${row.from ?? 'an unknown address'}`,
  scope: { owner: 'personId' },
  fields: {
    personId: { kind: 'reference', label: 'Person', to: 'person', automatic: true },
    from: { kind: 'text', label: 'From', automatic: true },
    userAgent: { kind: 'text', label: 'Browser', automatic: true },
    groups: { kind: 'tags', label: 'Groups', automatic: true, help: 'As the directory gave them at login.' },
    createdAt: { kind: 'moment', label: 'Signed in', automatic: true },
    seenAt: { kind: 'moment', label: 'Last seen', automatic: true },
    expiresAt: { kind: 'moment', label: 'Ends', automatic: true },
    revokedAt: { kind: 'moment', label: 'Revoked', automatic: true },
  },
  list: {
    columns: ['personId', 'from', 'userAgent', 'createdAt', 'seenAt', 'expiresAt', 'revokedAt'],
    filters: [],
    search: [],
    order: '-createdAt',
  },
  help: ['A session is one login in one browser. It expires, ends when it is idle for too long, or ends immediately when it is revoked.'],
})
