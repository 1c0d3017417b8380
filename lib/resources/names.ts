import { dnsNames, dnsZones } from '@/db/schema'
import { dnsProviders } from '@/lib/domain/dns/providers'
import { defineResource } from '@/lib/kernel/resource/resource'

const serverPattern = {
  source:
    '^(\\[[0-9A-Fa-f:.]+\\](:\\d{1,5})?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\\d{1,5})?)$',
  message: 'Write a host name or an address, with a port if it is not 53: ns1.example.com, 10.0.0.53:5353, [fd00::53]:53.',
}

export const dnsZone = defineResource({
  name: 'dns-zone',
  table: dnsZones,
  noun: ['DNS zone', 'DNS zones'],
  menu: { group: 'Fleet', key: 'z', icon: 'globe' },
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: {
      kind: 'hostname',
      label: 'Zone',
      required: true,
      help: 'As in its SOA record: db.example.com. Unique within its environment.',
    },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      required: true,
      help: 'Its names belong to herds of this environment.',
    },
    provider: {
      kind: 'choice',
      label: 'Update method',
      required: true,
      choices: Object.entries(dnsProviders).map(([value, { title }]) => ({ value, label: title })),
      help: 'BIND, Knot, PowerDNS and Windows DNS accept dynamic updates.',
    },
    primaryHost: {
      kind: 'hostname',
      label: 'Primary server',
      help: 'Dynamic update: the server that accepts them. Host name or address.',
    },
    primaryPort: { kind: 'port', label: 'Primary server’s port', help: 'Empty: 53.' },
    keyName: { kind: 'hostname', label: 'TSIG key', help: 'The key’s name as the server knows it; it is part of every signature.' },
    keyAlgorithm: {
      kind: 'choice',
      label: 'TSIG algorithm',
      choices: [
        { value: 'hmac-sha256', label: 'HMAC-SHA256' },
        { value: 'hmac-sha384', label: 'HMAC-SHA384' },
        { value: 'hmac-sha512', label: 'HMAC-SHA512' },
      ],
    },
    keySecret: {
      kind: 'secret',
      sealedIn: 'sealedKeySecret',
      label: 'TSIG secret',
      maxLength: 400,
      pattern: { source: '^[A-Za-z0-9+/]{8,}={0,2}$', message: 'Write the secret in base64, as tsig-keygen shows it.' },
      help: 'Base64, as tsig-keygen prints it. Stored sealed for the worker; it cannot be read here again.',
    },
    allowUnsigned: {
      kind: 'flag',
      label: 'Unsigned updates',
      help: 'Only where the server authorises the console by its address alone: anybody who can send from that address can change names.',
    },
    hostedZoneId: {
      kind: 'text',
      label: 'Hosted zone',
      maxLength: 32,
      pattern: { source: '^Z[A-Z0-9]{1,31}$', message: 'Write the id as Route 53 shows it: Z, then uppercase letters and digits.' },
      help: 'Route 53: the hosted zone’s id.',
    },
    region: {
      kind: 'text',
      label: 'Region',
      maxLength: 30,
      pattern: { source: '^[a-z0-9-]+$', message: 'Write a region such as us-east-1.' },
      help: 'Route 53: empty is us-east-1.',
    },
    endpoint: {
      kind: 'text',
      label: 'Endpoint',
      maxLength: 300,
      pattern: { source: '^https?://[^/\\s]+$', message: 'Write an address such as https://route53.example.com, without a path.' },
      help: 'Route 53: only if it is not AWS’s own. https, except on the worker’s own host.',
    },
    usesWorkerRole: {
      kind: 'flag',
      label: 'Worker’s AWS role',
      help: 'Route 53: use the credentials of the worker’s host (role, profile, environment) instead of an access key. They reach the zones of every environment, so only an administrator of every environment may set this.',
    },
    accessKeyId: {
      kind: 'text',
      label: 'Access key id',
      maxLength: 128,
      pattern: { source: '^[A-Za-z0-9_]{4,128}$', message: 'Write the id as AWS shows it.' },
      help: 'Route 53: of a user that may change this hosted zone and nothing else.',
    },
    accessSecret: {
      kind: 'secret',
      sealedIn: 'sealedAccessSecret',
      label: 'Secret access key',
      maxLength: 400,
      help: 'Stored sealed for the worker; it cannot be read here again.',
    },
    authoritativeServers: {
      kind: 'tags',
      label: 'Authoritative servers',
      pattern: serverPattern,
      help: 'Every one of them is queried after a change. Empty: those in the zone’s NS records.',
    },
    resolvers: {
      kind: 'tags',
      label: 'Resolvers',
      pattern: serverPattern,
      help: 'The resolvers clients use; watched after a change until the old answer has expired. Empty: those of the worker’s host.',
    },
    hostDomain: {
      kind: 'hostname',
      label: 'Host domain',
      help: 'Appended in aliases to a server’s host name that has no dot. Empty: the zone itself.',
    },
    ttlSeconds: {
      kind: 'integer',
      label: 'TTL',
      unit: 's',
      min: 0,
      max: 86_400,
      help: 'How long resolvers may cache an answer, and clients may still reach the old primary. Empty: 60.',
    },
    note: { kind: 'longText', label: 'Note', maxLength: 4000 },
    createdAt: { kind: 'moment', label: 'Registered', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'provider', 'primaryHost', 'keyName', 'keySecret', 'ttlSeconds'],
    filters: ['environmentId', 'provider'],
    search: ['name'],
    order: 'name',
  },
  sections: [
    { title: 'Zone', fields: ['name', 'environmentId', 'provider', 'ttlSeconds', 'hostDomain', 'note'] },
    { title: 'Dynamic update', fields: ['primaryHost', 'primaryPort', 'keyName', 'keyAlgorithm', 'keySecret', 'allowUnsigned'] },
    { title: 'Route 53', fields: ['hostedZoneId', 'region', 'endpoint', 'usesWorkerRole', 'accessKeyId', 'accessSecret'] },
    { title: 'Verification', fields: ['authoritativeServers', 'resolvers'] },
  ],
  related: [{ resource: 'name', by: 'zoneId' }],
  help: [
    'A zone holds the DNS names of herds and says how the console changes them: by signed dynamic updates to its primary server, or through Route 53.',
    'The check verifies step by step that the primary server answers, serves the zone and accepts the key, and that every authoritative server and resolver can be queried. It changes nothing.',
    'Each change is made only if the name still holds what the console saw, and is then verified on every authoritative server.',
  ],
})

export const name = defineResource({
  name: 'name',
  path: 'names',
  table: dnsNames,
  noun: ['DNS name', 'DNS names'],
  menu: { group: 'Fleet', key: 'm', icon: 'globe' },
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: { kind: 'hostname', label: 'Fully qualified name', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    zoneId: { kind: 'reference', label: 'Zone', to: 'dns-zone', required: true },
    hostName: {
      kind: 'hostname',
      label: 'Name',
      required: true,
      help: 'Relative to the zone: orders in prod.example.com is orders.prod.example.com. A name that ends with the zone is taken as fully qualified.',
    },
    type: {
      kind: 'choice',
      label: 'Type',
      required: true,
      choices: [
        { value: 'CNAME', label: 'CNAME' },
        { value: 'A', label: 'A' },
        { value: 'AAAA', label: 'AAAA' },
      ],
      help: 'CNAME: an alias of the server’s host name. A, AAAA: its address.',
    },
    herdId: { kind: 'reference', label: 'Herd', to: 'herd', required: true, sameEnvironment: true },
    follows: {
      kind: 'choice',
      label: 'Follows',
      choices: [
        { value: 'primary', label: 'The primary' },
        { value: 'standbys', label: 'All standbys' },
        { value: 'members', label: 'All members' },
      ],
      help: 'The members clients reach by this name. Several members need A or AAAA. Empty: the primary.',
    },
    carries: {
      kind: 'choice',
      label: 'Record value',
      choices: [
        { value: 'hostname', label: 'The server’s host name' },
        { value: 'address', label: 'The server’s address' },
      ],
      help: 'A and AAAA hold the address. Empty: the host name.',
    },
    ttlOverride: { kind: 'integer', label: 'TTL', unit: 's', min: 0, max: 86_400, help: 'Empty: the zone’s.' },
    note: { kind: 'longText', label: 'Note', maxLength: 4000 },
    state: {
      kind: 'choice',
      label: 'State',
      observed: true,
      choices: [
        { value: 'right', label: 'Correct', tone: 'good' },
        { value: 'wrong', label: 'Wrong', tone: 'bad' },
        { value: 'unknown', label: 'Unknown', tone: 'warn' },
      ],
      help: 'Whether every authoritative server that answers returns what is expected.',
    },
    because: { kind: 'text', label: 'Why', observed: true },
    answer: { kind: 'text', label: 'Answer', observed: true },
    wanted: { kind: 'text', label: 'Expected', observed: true, help: 'From the roles last seen.' },
    observedAt: { kind: 'moment', label: 'Queried', automatic: true },
    createdAt: { kind: 'moment', label: 'Registered', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'state', 'type', 'herdId', 'follows', 'answer', 'wanted', 'observedAt'],
    filters: ['environmentId', 'state', 'type', 'follows', 'zoneId', 'herdId'],
    search: ['name'],
    order: 'name',
  },
  observedAt: 'observedAt',
  sections: [
    { title: 'Name', fields: ['name', 'environmentId', 'zoneId', 'hostName', 'type', 'ttlOverride', 'note'] },
    { title: 'Target', fields: ['herdId', 'follows', 'carries'] },
    { title: 'Last seen', fields: ['state', 'because', 'answer', 'wanted'] },
  ],
  help: [
    'A DNS name that clients use and that follows a herd: its primary, all its standbys, or all its members. A herd may have several.',
    'A failover moves the names of the primary. Refresh compares each name with what it should be, shows the difference, and repairs it.',
    'The console queries every authoritative server about three times a minute; a name that does not point to its herd is listed on the front page.',
  ],
})
