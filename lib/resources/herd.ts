import { herds } from '@/db/schema'
import { replicationOptionsPattern } from '@/lib/domain/replication/wish'
import { defineResource } from '@/lib/kernel/resource/resource'

export const herd = defineResource({
  name: 'herd',
  table: herds,
  noun: ['herd', 'herds'],
  menu: { group: 'Fleet', key: 'h', icon: 'network' },
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: {
      kind: 'text',
      label: 'Name',
      required: true,
      maxLength: 80,
      help: 'What people call it: prod-orders. Unique within its environment, whatever the case.',
    },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      required: true,
      help: 'Moving a herd takes its instances along.',
    },
    baseName: {
      kind: 'text',
      label: 'Cluster name',
      required: true,
      maxLength: 63,
      pattern: {
        source: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
        message: 'Use letters, digits, dots, dashes and underscores, and no dash first.',
      },
      help: 'The name of the cluster on its hosts: the second column of pg_lsclusters. Unique within the environment together with the port.',
    },
    port: { kind: 'port', label: 'Port', required: true, help: 'Of every member, unless an instance overrides it.' },
    dataDirectory: { kind: 'path', label: 'Data directory', required: true, help: 'On every member, unless an instance overrides it.' },
    virtualHost: {
      kind: 'hostname',
      label: 'Virtual host',
      help: 'The DNS name that clients use; copied into connection lines. Register it under DNS names, too, so that it follows the primary.',
    },
    preferredSite: {
      kind: 'text',
      label: 'Preferred DR site',
      maxLength: 60,
      help: 'Where the standby that would take over should stand.',
    },
    replicationUser: {
      kind: 'text',
      label: 'Replication role',
      maxLength: 63,
      pattern: { source: '^([a-z_][a-z0-9_]*)?$', message: 'Use small letters, digits and underscores, and no digit first.' },
      help: 'As whom standbys follow. Empty: as those there are do now; replicator where there is none. Its password stays in the passfile of each host.',
    },
    replicationOptions: {
      kind: 'text',
      label: 'Replication options',
      maxLength: 500,
      pattern: {
        source: replicationOptionsPattern,
        message:
          'Write keyword=value pairs of primary_conninfo with one blank between, such as sslmode=verify-full; not host, port, user or a password.',
      },
      help: 'Further keywords of primary_conninfo: sslmode=verify-full application_name={host}, where {host} is the standby’s. Written whenever the console writes whom a standby follows: create, rebuild, repoint, rejoin, demote, failover.',
    },
    systemIdentifier: {
      kind: 'text',
      label: 'System identifier',
      pattern: { source: '^\\d{10,20}$', message: 'Write the number that pg_controldata shows as Database system identifier.' },
      help: 'What tells this cluster’s WAL from any other’s. Learnt from the first primary seen; type it only to be strict from the start.',
    },
    description: { kind: 'longText', label: 'Description', maxLength: 2000 },
    createdAt: { kind: 'moment', label: 'Registered', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'baseName', 'port', 'virtualHost', 'preferredSite'],
    filters: ['environmentId', 'preferredSite', 'port'],
    search: ['searchText'],
    order: 'name',
  },
  sections: [
    { title: 'Herd', fields: ['name', 'environmentId', 'description'] },
    { title: 'Cluster', fields: ['baseName', 'port', 'dataDirectory', 'systemIdentifier'] },
    { title: 'Names and sites', fields: ['virtualHost', 'preferredSite'] },
    { title: 'Replication', fields: ['replicationUser', 'replicationOptions'] },
  ],
  related: [
    { resource: 'instance', by: 'herdId' },
    { resource: 'pooler', by: 'herdId' },
    { resource: 'name', by: 'herdId' },
    { resource: 'job', by: 'herdId', title: 'Work on it' },
  ],
  help: [
    'A herd is one replicated PostgreSQL cluster: a primary and its standbys, all with the same system identifier, possibly spread over sites.',
    'What is written here holds for every member; an instance may override port and data directory.',
    'The herd’s page draws who follows whom, with the lag on each edge. Operations that change who leads take the herd’s lock, so no two of them run at once.',
  ],
})
