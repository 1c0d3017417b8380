import { authorities, stacks } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'

export const stack = defineResource({
  name: 'stack',
  table: stacks,
  noun: ['declared cluster', 'declared clusters'],
  path: 'stacks',
  menu: { group: 'Fleet', key: '5', icon: 'boxes' },
  pages: [{ path: 'wizard', label: 'Wizard' }],
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: {
      kind: 'text',
      label: 'Name',
      required: true,
      maxLength: 80,
      help: 'Unique within its environment.',
    },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      required: true,
      help: 'That of its servers.',
    },
    file: {
      kind: 'longText',
      label: 'Cluster file',
      required: true,
      maxLength: 60_000,
      help: 'YAML. cluster: the name of the cluster; network: where clients connect from (10.0.0.0/8); servers: registered servers by name with their parts, as db1: [postgres, etcd], db2: [postgres, etcd], edge: [etcd, pooler, proxy]. addresses (where the servers reach one another, if not at the registered ones), postgres, patroni, etcd, pooler, proxy, database and certificateDays may be left out.',
    },
    note: { kind: 'longText', label: 'Note', maxLength: 4000 },
    builtAt: { kind: 'moment', label: 'Built', automatic: true, help: 'When a build of it last came to its end.' },
    builtFile: {
      kind: 'longText',
      label: 'Cluster file as built',
      automatic: true,
      help: 'What that build made the servers be. Empty: none came to its end.',
    },
    createdAt: { kind: 'moment', label: 'Declared', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'builtAt', 'changedAt', 'note'],
    filters: ['environmentId'],
    search: ['name'],
    order: 'name',
  },
  sections: [
    { title: 'Cluster', fields: ['name', 'environmentId', 'note', 'builtAt'] },
    { title: 'Declaration', fields: ['file', 'builtFile'] },
  ],
  related: [
    { resource: 'authority', by: 'stackId' },
    { resource: 'job', by: 'targetId' },
  ],
  help: [
    'A cluster under Patroni as it is to be: which servers run PostgreSQL, etcd, PgBouncer and HAProxy, with which versions, ports and values. Build shows every file, package and command beforehand, and makes the servers so.',
    'Every connection is encrypted with certificates of an authority of its own, and passwords are SCRAM. Passwords and keys are made by a worker and sealed; they are written into files that their daemons alone can read, and appear in no plan, journal or command line.',
    'Build again after a change of the file: only what differs is written. A server or a part that was added joins the cluster, one that was taken out leaves it, and a lost host is replaced by another one under its own or another name; the plan shows each step, and refuses what would cost the primary, the last synchronous standby or the quorum of etcd.',
  ],
})

export const authority = defineResource({
  name: 'authority',
  table: authorities,
  noun: ['TLS certificate', 'TLS certificates'],
  path: 'authorities',
  menu: { group: 'Fleet', key: '6', icon: 'key' },
  title: (row) => row.title,
  scope: 'environmentId',
  fields: {
    title: { kind: 'text', label: 'Subject', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    stackId: { kind: 'reference', label: 'Declared cluster', to: 'stack', automatic: true },
    kind: {
      kind: 'choice',
      label: 'Kind',
      automatic: true,
      choices: [
        { value: 'authority', label: 'Authority' },
        { value: 'server', label: 'Server' },
      ],
    },
    fingerprint: { kind: 'text', label: 'Fingerprint', automatic: true, help: 'SHA-256.' },
    validFrom: { kind: 'moment', label: 'Valid from', automatic: true },
    validUntil: { kind: 'moment', label: 'Valid until', automatic: true },
    certificate: { kind: 'longText', label: 'Certificate', automatic: true },
  },
  list: {
    columns: ['title', 'environmentId', 'stackId', 'kind', 'validFrom', 'validUntil', 'fingerprint'],
    filters: ['environmentId', 'kind', 'stackId'],
    search: ['title'],
    order: 'title',
  },
  help: [
    'The certificate authority of each declared cluster, and the certificates that it signed for its servers. Keys are sealed: only workers open them, on the way to the server.',
    'Give clients the certificate of the authority as sslrootcert, and let them connect with sslmode=verify-full.',
  ],
})
