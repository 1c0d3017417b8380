import type { StackFile } from '../../stack/stack-file'
import type { LaunchedSettings } from './launched'

/** The major that Debian 13 brings itself. */
const debianMajor = '17'

/** Shipped with the server. Source: PostgreSQL documentation, appendix F. */
const contrib: ReadonlySet<string> = new Set(
  `amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw fuzzystrmatch hstore insert_username intagg
intarray isn lo ltree moddatetime pageinspect pg_buffercache pg_freespacemap pg_logicalinspect pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility
pg_walinspect pgcrypto pgrowlocks pgstattuple plpgsql postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp xml2`.split(
    /\s+/,
  ),
)

/** Debian's package of an extension, after `postgresql-17-`. */
const packaged: Readonly<Record<string, string>> = {
  vector: 'pgvector',
  postgis: 'postgis-3',
  postgis_topology: 'postgis-3',
  pg_cron: 'cron',
  pg_partman: 'partman',
  pg_repack: 'repack',
  hypopg: 'hypopg',
  pgaudit: 'pgaudit',
  pg_hint_plan: 'pg-hint-plan',
  ip4r: 'ip4r',
  hll: 'hll',
}

/** Extensions of which no package is known. */
export const unpackaged = (extensions: readonly string[]): string[] =>
  extensions.filter((one) => !contrib.has(one) && packaged[one] === undefined)

/** Packages, and a file of each that shows that it is there. */
export const packagesFor = ({ major, extensions }: Pick<LaunchedSettings, 'major' | 'extensions'>): { name: string; program: string }[] => [
  { name: `postgresql-${major}`, program: `/usr/lib/postgresql/${major}/bin/postgres` },
  { name: `postgresql-client-${major}`, program: `/usr/lib/postgresql/${major}/bin/psql` },
  ...extensions.flatMap((one) =>
    packaged[one] === undefined
      ? []
      : [{ name: `postgresql-${major}-${packaged[one]}`, program: `/usr/share/postgresql/${major}/extension/${one}.control` }],
  ),
]

/** Debian's must not create a cluster of its own, which would take the port. */
export const noMainCluster: StackFile = {
  path: '/etc/postgresql-common/createcluster.d/matriarch.conf',
  owner: 'root',
  mode: '0644',
  text: '# The console creates the cluster of this host.\ncreate_main_cluster = false\n',
}

/** Whose key postgresql-common brings. Source: wiki.postgresql.org/wiki/Apt. */
const projectSource: StackFile = {
  path: '/etc/apt/sources.list.d/pgdg.sources',
  owner: 'root',
  mode: '0644',
  text: `Types: deb
URIs: https://apt.postgresql.org/pub/repos/apt
Suites: trixie-pgdg
Components: main
Signed-By: /usr/share/postgresql-common/pgdg/apt.postgresql.org.asc
`,
}

/** null: Debian has that major itself. Else the packages to install first, and the source of the others. */
export const sourceFor = (major: string): { first: string[]; file: StackFile } | null =>
  major === debianMajor ? null : { first: ['ca-certificates', 'postgresql-common'], file: projectSource }
