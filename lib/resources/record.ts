import { auditCheckpoints, audit as auditTable, changes } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'

export const change = defineResource({
  name: 'change',
  table: changes,
  noun: ['change', 'changes'],
  menu: { group: 'Work', key: 'c', icon: 'list' },
  title: (row) => row.title,
  scope: 'environmentId',
  tellsOf: 'resource',
  fields: {
    at: { kind: 'moment', label: 'When', automatic: true },
    actorName: { kind: 'text', label: 'Who', automatic: true },
    act: {
      kind: 'choice',
      label: 'What',
      automatic: true,
      choices: [
        { value: 'add', label: 'Added', tone: 'good' },
        { value: 'change', label: 'Changed', tone: 'info' },
        { value: 'delete', label: 'Deleted', tone: 'bad' },
      ],
    },
    resource: { kind: 'text', label: 'Kind', automatic: true },
    objectId: { kind: 'text', label: 'Id', automatic: true },
    title: { kind: 'text', label: 'Object', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    fields: { kind: 'json', listsKeys: true, label: 'Fields', automatic: true, help: 'Before and after.' },
  },
  list: {
    columns: ['at', 'actorName', 'act', 'resource', 'title', 'environmentId', 'fields'],
    filters: ['act', 'resource', 'environmentId'],
    search: ['title'],
    order: '-at',
  },
  help: ['Every change: who, when, and each changed field before and after. It is written in the same transaction as the change itself.'],
})

export const audit = defineResource({
  name: 'audit',
  path: 'audit',
  table: auditTable,
  noun: ['audit line', 'audit lines'],
  menu: { group: 'Work', key: 'a', icon: 'scroll', label: 'Audit' },
  pages: [{ path: 'verify', label: 'Verify the chain' }],
  title: (row) => `${row.act} ${row.title}`.trim(),
  scope: 'console',
  fields: {
    seq: { kind: 'integer', label: 'Line', automatic: true },
    at: { kind: 'moment', label: 'When', automatic: true },
    personId: { kind: 'text', label: 'Person id', automatic: true },
    actorName: { kind: 'text', label: 'Who', automatic: true },
    actorKind: {
      kind: 'choice',
      label: 'As',
      automatic: true,
      choices: [
        { value: 'person', label: 'Person' },
        { value: 'token', label: 'Token' },
        { value: 'system', label: 'System' },
      ],
    },
    from: { kind: 'text', label: 'From', automatic: true },
    act: { kind: 'text', label: 'Action', automatic: true },
    resource: { kind: 'text', label: 'Kind', automatic: true },
    objectId: { kind: 'text', label: 'Id', automatic: true },
    title: { kind: 'text', label: 'Object', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    detail: { kind: 'json', label: 'Detail', automatic: true },
    previousHash: { kind: 'text', label: 'Previous hash', automatic: true },
    hash: { kind: 'text', label: 'Hash', automatic: true },
  },
  list: {
    columns: ['seq', 'at', 'actorName', 'from', 'act', 'title', 'environmentId', 'detail'],
    filters: ['actorKind', 'act', 'actorName', 'environmentId'],
    search: ['title'],
    order: '-at',
  },
  help: [
    'Who did what, from where, and how it ended: logins and refusals, changes, plans, approvals, runs. Lines are only added, never changed.',
    'Each line contains the hash of the line before it, so that a changed or missing line is detected. Workers sign the last hash again and again, keep that outside of this database, and raise an alarm once the log is not the one that was signed.',
    'Refusals and readings that come often are lines three times an hour, for each person and kind; how many more there were is one line after the hour, as “more” in its detail.',
    'Anybody can recompute the chain from GET /api/v1/audit?format=ndjson&sort=seq. The text of a line is its JSON without hash and previousHash: keys sorted, no blanks, UTF-8. Its hash is the SHA-256 of the hash before it (64 hexadecimal digits, 64 zeros for the first line) followed by that text. README has a script.',
  ],
})

export const auditCheckpoint = defineResource({
  name: 'audit-checkpoint',
  table: auditCheckpoints,
  noun: ['audit checkpoint', 'audit checkpoints'],
  title: (row) => `Checkpoint ${row.number}`,
  scope: 'console',
  fields: {
    at: { kind: 'moment', label: 'Signed', automatic: true },
    place: { kind: 'text', label: 'Kept in', automatic: true },
    trail: { kind: 'text', label: 'Trail', automatic: true, help: 'The file that it stands in. A new file begins a new trail.' },
    number: { kind: 'integer', label: 'Number', automatic: true, help: 'Within its trail, without a gap.' },
    lines: { kind: 'integer', label: 'Audit lines', automatic: true },
    head: { kind: 'text', label: 'Hash of the last line', automatic: true },
    document: { kind: 'text', label: 'Signed document', automatic: true },
  },
  list: {
    columns: ['at', 'place', 'number', 'lines', 'head'],
    filters: ['place', 'trail'],
    search: ['place'],
    order: '-at',
  },
  help: [
    'A worker signs how many lines the audit log has and the hash of its last line, every hour and every thousand lines, with the key that signs certificates. This is the copy of each; the original stands in the worker’s own file (AUDIT_FILE), which the owner of this database does not reach.',
    'A document is one line of JSON: the checkpoint, its Ed25519 signature and the key. Each names the SHA-256 of the one before it. README has a script that holds the audit log against them.',
  ],
})
