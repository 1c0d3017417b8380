import { secretMark } from '../../stack/secrets'
import { type StackFile, tlsFile } from '../../stack/stack-file'
import type { Blueprint } from '../blueprint'
import { type TunedMachine, type TunedSetting, tune } from '../tuning'
import { hostnameOf } from './tags'

export type LaunchedSettings = Omit<Blueprint, 'imported' | 'note'>

export const launchPort = 5432
/** Debian's tools warn of names with dashes, which systemd reads otherwise. */
export const clusterNameOf = ({ name }: Pick<Blueprint, 'name'>): string => name.replaceAll('-', '_')
/** Its own volume is mounted here: lost+found is no part of the cluster. */
export const volumeDirectoryOf = ({ major }: Pick<Blueprint, 'major'>): string => `/var/lib/postgresql/${major}`
export const dataDirectoryOf = (blueprint: Pick<Blueprint, 'name' | 'major'>): string =>
  `${volumeDirectoryOf(blueprint)}/${clusterNameOf(blueprint)}`
const configDirectoryOf = (blueprint: Pick<Blueprint, 'name' | 'major'>): string =>
  `/etc/postgresql/${blueprint.major}/${clusterNameOf(blueprint)}`

const whole = (blueprint: LaunchedSettings): Blueprint => ({ ...blueprint, imported: null, note: null })

/** What the server is set to on such a machine, each with its reason; the blueprint's own settings win. */
export const settingsOn = (blueprint: LaunchedSettings, machine: TunedMachine): TunedSetting[] => {
  const tuned = tune(whole(blueprint), machine)
  const names = new Set(tuned.map(({ name }) => name))
  const own: TunedSetting[] = [
    { name: 'cluster_name', value: clusterNameOf(blueprint), because: 'It shows in the process list and to standbys.' },
    { name: 'listen_addresses', value: '*', because: 'The security group and pg_hba.conf say who comes in.' },
    { name: 'ssl', value: 'on', because: 'Every connection over the network is encrypted.' },
    { name: 'ssl_cert_file', value: tlsFile('server.pem'), because: 'Signed by the herd’s own authority.' },
    { name: 'ssl_key_file', value: tlsFile('postgres.key'), because: 'Its key.' },
    { name: 'password_encryption', value: 'scram-sha-256', because: 'Passwords are kept as SCRAM verifiers.' },
    {
      name: 'shared_preload_libraries',
      value: 'pg_stat_statements',
      because: 'The console’s page of statements reads what it counts.',
    },
  ]
  return [...own.filter(({ name }) => !names.has(name)), ...tuned]
}

/** A role that may log in with a password, by the name that its verifier and its password have among the secrets. */
export const passwordOf = (user: string): string => `user ${user}`
export const verifierOf = (user: string): string => `verifier ${user}`

/** As whom standbys follow. */
export const replicator = 'replicator'

/** pg_hba.conf: nobody without a password or unencrypted, but the console through the socket. */
const accessFile = (blueprint: LaunchedSettings): StackFile => {
  const own = (blueprint.accessRules ?? '').trim()
  const lines = own === '' ? blueprint.clientAddresses.map((network) => `hostssl all all ${network} scram-sha-256`) : own.split(/\r?\n/)
  return {
    path: `${configDirectoryOf(blueprint)}/pg_hba.conf`,
    owner: 'postgres',
    mode: '0640',
    text: [
      '# The console wrote this when it launched the herd.',
      'local all postgres peer',
      'local all all scram-sha-256',
      'hostssl all all samehost scram-sha-256',
      // Whoever comes in is a member, by the security group; addresses change when machines do.
      `hostssl replication ${replicator} all scram-sha-256`,
      own === '' ? '# Addresses of clients, as the blueprint lists them' : '# Access rules of the blueprint',
      ...lines,
      '',
    ].join('\n'),
  }
}

/** Files of a member, with names in place of secrets. */
export const filesOf = (blueprint: LaunchedSettings, number: number): StackFile[] => {
  const hostname = hostnameOf(blueprint.name, number)
  return [
    { path: tlsFile('ca.pem'), owner: 'root', mode: '0644', text: secretMark('authority') },
    { path: tlsFile('server.pem'), owner: 'root', mode: '0644', text: secretMark(`certificate ${hostname}`) },
    { path: tlsFile('postgres.key'), owner: 'postgres', mode: '0400', text: secretMark(`key ${hostname}`) },
    accessFile(blueprint),
  ]
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** Where extensions and the smoke test go. */
export const mainDatabase = ({ database }: Pick<Blueprint, 'database'>): string => database ?? 'postgres'

/** Role, database and extensions: what is run where, in its order. Each may be repeated. */
export const statementsOf = ({
  adminUser,
  isSuperuser,
  database,
  extensions,
}: Pick<Blueprint, 'adminUser' | 'isSuperuser' | 'database' | 'extensions'>): { database: string; sql: string }[] => {
  const role =
    adminUser === null
      ? ''
      : `do $$ begin if not exists (select from pg_roles where rolname = ${literal(adminUser)}) then create role ${quoted(adminUser)}; end if; end $$;
alter role ${quoted(adminUser)} login ${isSuperuser ? 'superuser' : 'createdb createrole'} password ${secretMark(verifierOf(adminUser))};
`
  const owner = adminUser === null ? '' : ` owner ${quoted(adminUser)}`
  const create =
    database === null
      ? ''
      : `select ${literal(`create database ${quoted(database)}${owner}`)} where not exists (select from pg_database where datname = ${literal(database)})\\gexec\n`
  const first = role + create
  return [
    ...(first === '' ? [] : [{ database: 'postgres', sql: first }]),
    ...(extensions.length === 0
      ? []
      : [
          {
            database: mainDatabase({ database }),
            sql: extensions.map((one) => `create extension if not exists ${quoted(one)} cascade;\n`).join(''),
          },
        ]),
  ]
}

/** One row where all of it is there already. */
export const proofOf = ({
  adminUser,
  database,
  extensions,
}: Pick<Blueprint, 'adminUser' | 'database' | 'extensions'>): { database: string; sql: string }[] => [
  ...(adminUser === null
    ? []
    : [{ database: 'postgres', sql: `select 1 from pg_authid where rolname = ${literal(adminUser)} and rolpassword is not null` }]),
  ...(database === null ? [] : [{ database: 'postgres', sql: `select 1 from pg_database where datname = ${literal(database)}` }]),
  ...extensions.map((one) => ({ database: mainDatabase({ database }), sql: `select 1 from pg_extension where extname = ${literal(one)}` })),
]
