/** A TSIG key as named and nsupdate read it; `secret` is base64. */
export type NamedKey = { name: string; algorithm: string; secret: string }
export type NamedServer = { address: string; port: number }
export type NamedZone = { name: string; file: string }
export type NamedRecord = { name: string; type: string; value: string }

/** `key "x" { … };`: also a whole key file for `nsupdate -k` and `dig -k`. */
export const keyBlock = ({ name, algorithm, secret }: NamedKey): string =>
  `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };\n`

/** Nothing outside `folder` is read or written, nobody may control it from outside, and no key of the Internet's root is asked for. */
const options = (folder: string, { address, port }: NamedServer, more: readonly string[]): string => `options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  managed-keys-directory "${folder}";
  listen-on port ${port} { ${address}; };
  listen-on-v6 { none; };
  dnssec-validation no;
  empty-zones-enable no;
  minimal-responses no-auth;
${more.map((line) => `  ${line}\n`).join('')}};
controls { };
`

/** A primary that takes updates with the key, and tells its secondary of each change at once. */
export const primaryConfig = (
  folder: string,
  self: NamedServer,
  secondary: NamedServer,
  key: NamedKey,
  zones: readonly NamedZone[],
): string =>
  [
    keyBlock(key),
    options(folder, self, [
      'recursion no;',
      `allow-transfer { key "${key.name}"; };`,
      'notify explicit;',
      'notify-delay 0;',
      `notify-source ${self.address};`,
      `also-notify { ${secondary.address} port ${secondary.port}; };`,
      'serial-query-rate 100;',
      'notify-rate 100;',
      'startup-notify-rate 100;',
    ]),
    ...zones.map(
      ({ name, file }) => `zone "${name}" { type primary; file "${file}"; update-policy { grant "${key.name}" zonesub ANY; }; };\n`,
    ),
  ].join('')

export const secondaryConfig = (
  folder: string,
  self: NamedServer,
  primary: NamedServer,
  key: NamedKey,
  zones: readonly NamedZone[],
): string =>
  [
    keyBlock(key),
    options(folder, self, [
      'recursion no;',
      'allow-transfer { none; };',
      'notify no;',
      `transfer-source ${self.address};`,
      'min-refresh-time 1;',
      'min-retry-time 1;',
    ]),
    ...zones.map(
      ({ name, file }) =>
        `zone "${name}" { type secondary; file "${file}"; primaries { ${primary.address} port ${primary.port} key "${key.name}"; }; allow-notify { ${primary.address}; }; };\n`,
    ),
  ].join('')

/** A resolver that knows the way to these zones only, and answers nothing else. */
export const resolverConfig = (folder: string, self: NamedServer, servers: readonly NamedServer[], zones: readonly string[]): string =>
  [
    options(folder, self, ['recursion yes;', 'allow-query { any; };', 'allow-recursion { any; };', 'max-ncache-ttl 1;', 'servfail-ttl 0;']),
    'zone "." { type primary; file "empty-root"; };\n',
    ...zones.map(
      (name) => `zone "${name}" { type static-stub; server-addresses { ${servers.map(({ address }) => `${address};`).join(' ')} }; };\n`,
    ),
  ].join('')

/** A root zone without delegations: whatever is asked beyond the lab does not exist. */
export const emptyRoot = '$TTL 60\n@ SOA . . 1 3600 600 86400 1\n@ NS .\n'

/** The first text of a zone; named keeps it from then on. `ttlSeconds` is that of records without their own. */
export const zoneText = (
  servers: readonly { name: string; address: string }[],
  records: readonly NamedRecord[],
  ttlSeconds: number,
): string =>
  [
    `$TTL ${ttlSeconds}`,
    `@ SOA ${servers[0]!.name} hostmaster 1 60 5 86400 1`,
    ...servers.map(({ name }) => `@ NS ${name}`),
    ...servers.map(({ name, address }) => `${name} A ${address}`),
    ...records.map(({ name, type, value }) => `${name} ${type} ${value}`),
    '',
  ].join('\n')
