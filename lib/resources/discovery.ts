import { discoveredHosts, discoveredInstances, discoveredPoolers, discoveryRules, enrolmentKeys } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'
import { inboxStates, instanceRoles, instanceStates } from './choices'

export const discoveredHost = defineResource({
  name: 'discovered-host',
  table: discoveredHosts,
  noun: ['discovered host', 'discovered hosts'],
  menu: { group: 'Work', key: 'd', icon: 'inbox', label: 'Discovery', href: '/discovery' },
  title: (row) => row.hostname,
  scope: 'suggestedEnvironmentId',
  fields: {
    hostname: { kind: 'hostname', label: 'Host name', automatic: true, help: 'As the host reports it. Case does not matter.' },
    addresses: { kind: 'tags', label: 'Addresses', automatic: true },
    state: { kind: 'choice', label: 'Inbox', automatic: true, choices: inboxStates },
    suggestedEnvironmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    suggestion: { kind: 'text', label: 'Why', automatic: true },
    serverId: { kind: 'reference', label: 'Server', to: 'server', automatic: true },
    agentVersion: { kind: 'text', label: 'Agent', automatic: true },
    suggestedServerId: { kind: 'reference', label: 'Claims the address of', to: 'server', automatic: true },
    tokenRevokedAt: { kind: 'moment', label: 'Token revoked', automatic: true },
    nextTokenAt: {
      kind: 'moment',
      label: 'New token asked for',
      automatic: true,
      help: 'Somebody with an enrolment key enrolled this host again. The new token waits for a person; the former one goes on.',
    },
    seenAt: { kind: 'moment', label: 'Last report', automatic: true },
    createdAt: { kind: 'moment', label: 'First seen', automatic: true },
  },
  list: {
    columns: ['hostname', 'state', 'addresses', 'suggestedEnvironmentId', 'suggestion', 'serverId', 'agentVersion', 'seenAt'],
    filters: ['state', 'suggestedEnvironmentId', 'agentVersion'],
    search: ['hostname'],
    order: 'hostname',
  },
  related: [{ resource: 'discovered-instance', by: 'hostId' }],
  // What was never a host of ours, or is gone, goes with all that it reported; a host that lives enrols again.
  canDelete: true,
  help: [
    'A host whose agent has enrolled. Accepting it registers it as a server; until then it only reports.',
    'What an agent reports is an observation, never trusted as configuration.',
    'An enrolment key lets a host in once. A host that reported within a week, or whose token was revoked, gets another token only after a person has accepted it. Deleting a host forgets it and its token; what was registered from it stays.',
  ],
})

export const discoveredInstance = defineResource({
  name: 'discovered-instance',
  table: discoveredInstances,
  noun: ['discovered instance', 'discovered instances'],
  title: (row) => `${row.name}:${row.port}`,
  scope: 'suggestedEnvironmentId',
  fields: {
    name: { kind: 'text', label: 'Cluster name', automatic: true },
    hostId: { kind: 'reference', label: 'Host', to: 'discovered-host', automatic: true },
    port: { kind: 'port', label: 'Port', automatic: true },
    inbox: { kind: 'choice', label: 'Inbox', automatic: true, choices: inboxStates },
    state: { kind: 'choice', label: 'State', observed: true, choices: instanceStates },
    role: { kind: 'choice', label: 'Role', observed: true, choices: instanceRoles },
    version: { kind: 'text', label: 'Version', observed: true },
    dataDirectory: { kind: 'path', label: 'Data directory', observed: true },
    systemIdentifier: { kind: 'text', label: 'System identifier', observed: true },
    upstreamHost: { kind: 'text', label: 'Upstream host', observed: true },
    upstreamPort: { kind: 'port', label: 'Upstream port', observed: true },
    suggestedEnvironmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    suggestedHerdId: { kind: 'reference', label: 'Suggested herd', to: 'herd', automatic: true },
    suggestion: { kind: 'text', label: 'Why', automatic: true },
    instanceId: { kind: 'reference', label: 'Instance', to: 'instance', automatic: true },
    seenAt: { kind: 'moment', label: 'Last report', automatic: true },
    createdAt: { kind: 'moment', label: 'First seen', automatic: true },
  },
  list: {
    columns: ['name', 'hostId', 'port', 'inbox', 'state', 'role', 'version', 'suggestedHerdId', 'suggestion', 'seenAt'],
    filters: ['inbox', 'state', 'role', 'suggestedEnvironmentId', 'version'],
    search: ['name'],
    order: 'name',
  },
  observedAt: 'seenAt',
  help: [
    'An instance that an agent found and that is not registered yet. The suggested herd comes from the system identifier first, then from the upstream, then from its name and port.',
    'Accept it into a herd, or ignore it; ignored instances can still be found. The console never creates a herd or an environment from a guess.',
  ],
})

export const discoveredPooler = defineResource({
  name: 'discovered-pooler',
  table: discoveredPoolers,
  noun: ['discovered pooler', 'discovered poolers'],
  title: (row) => row.title,
  scope: 'environmentId',
  fields: {
    title: { kind: 'text', label: 'Pooler', automatic: true },
    serverId: { kind: 'reference', label: 'Server', to: 'server', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    port: { kind: 'port', label: 'Port', automatic: true },
    inbox: { kind: 'choice', label: 'Inbox', automatic: true, choices: inboxStates },
    socketDirectory: {
      kind: 'path',
      label: 'Socket directory',
      observed: true,
      help: 'Empty: it has no Unix socket, so it cannot be managed.',
    },
    configPath: { kind: 'path', label: 'Configuration file', observed: true },
    isReadable: { kind: 'flag', label: 'File is readable', observed: true },
    poolMode: { kind: 'text', label: 'Pool mode', observed: true },
    authType: { kind: 'text', label: 'Authentication', observed: true },
    databases: { kind: 'json', label: 'Databases', observed: true },
    suggestedHerdId: { kind: 'reference', label: 'Suggested herd', to: 'herd', automatic: true },
    suggestion: { kind: 'text', label: 'Why', automatic: true },
    poolerId: { kind: 'reference', label: 'Pooler', to: 'pooler', automatic: true },
    seenAt: { kind: 'moment', label: 'Last seen', automatic: true },
    createdAt: { kind: 'moment', label: 'First seen', automatic: true },
  },
  list: {
    columns: ['title', 'environmentId', 'inbox', 'poolMode', 'authType', 'suggestedHerdId', 'suggestion', 'poolerId', 'seenAt'],
    filters: ['inbox', 'environmentId', 'poolMode'],
    search: ['title'],
    order: 'title',
  },
  observedAt: 'seenAt',
  help: [
    'A PgBouncer that runs on a registered server and is not registered yet. The suggested herd is the one that most of its databases point to.',
    'Accept it in front of a herd, or ignore it; ignored poolers can still be found. Its file stays as it is: the console only watches the pooler until somebody lets it manage the file.',
  ],
})

export const discoveryRule = defineResource({
  name: 'discovery-rule',
  table: discoveryRules,
  noun: ['discovery rule', 'discovery rules'],
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: { kind: 'text', label: 'Name', required: true, maxLength: 80 },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      required: true,
      help: 'Matching hosts are put into this environment.',
    },
    hostPattern: {
      kind: 'text',
      label: 'Host name pattern',
      maxLength: 253,
      pattern: { source: '^[A-Za-z0-9.*?_-]+$', message: 'Use letters, digits, dots and dashes, * for any characters and ? for one.' },
      help: 'prod-*-db?. Empty: any name.',
    },
    network: {
      kind: 'text',
      label: 'Network',
      pattern: { source: '^[0-9A-Fa-f.:]+/\\d{1,3}$', message: 'Write an address block such as 10.20.0.0/16.' },
      help: 'One of the host’s addresses must be in it. Empty: any address.',
    },
    acceptsHosts: {
      kind: 'flag',
      label: 'Accept hosts automatically',
      help: 'Matching hosts become servers immediately, with no host key pinned yet.',
    },
    acceptsInstances: {
      kind: 'flag',
      label: 'Accept instances automatically',
      help: 'Only where the system identifier or the upstream identifies the herd.',
    },
    position: { kind: 'integer', label: 'Position', min: 0, max: 10000, help: 'Rules are tried in this order; the first match wins.' },
    createdAt: { kind: 'moment', label: 'Created', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['position', 'name', 'environmentId', 'hostPattern', 'network', 'acceptsHosts', 'acceptsInstances'],
    filters: ['environmentId'],
    search: [],
    order: 'position',
  },
  help: [
    'A rule suggests an environment for hosts by name and address, and may accept them automatically. A host that no rule matches waits in the inbox.',
  ],
})

export const enrolmentKey = defineResource({
  name: 'enrolment-key',
  table: enrolmentKeys,
  noun: ['enrolment key', 'enrolment keys'],
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: { kind: 'text', label: 'Name', required: true, maxLength: 80 },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      required: true,
      help: 'Hosts that enrol with it are suggested for this environment.',
    },
    expiresAt: { kind: 'moment', label: 'Expires', required: true, help: 'Keep the key short-lived: a host needs it only once.' },
    usesLeft: {
      kind: 'integer',
      label: 'Uses left',
      min: 0,
      max: 100_000,
      help: 'How many hosts may still enrol with it. Empty: any number until it expires.',
    },
    prefix: { kind: 'text', label: 'Prefix', automatic: true, help: 'The part of the key that may be shown.' },
    revokedAt: { kind: 'moment', label: 'Revoked', automatic: true },
    createdAt: { kind: 'moment', label: 'Created', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'prefix', 'usesLeft', 'expiresAt', 'revokedAt'],
    filters: ['environmentId'],
    search: [],
    order: 'name',
  },
  // Created where its secret can be shown once.
  canAdd: false,
  help: [
    'A host presents an enrolment key once and receives a token of its own, valid for that host only.',
    'The key is shown once, when it is created; only its hash is stored.',
  ],
})
