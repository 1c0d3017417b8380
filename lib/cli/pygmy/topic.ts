/** Help of `matriarch import-pygmy`. */
export const importTopics = {
  'import-pygmy': {
    brief: 'import clusters, rules, DNS entries and exceptions of a pygmy: a dry run, then with its digest the import',
    usage: 'matriarch import-pygmy DUMP | --database URL [--herd CLUSTER=HERD] [--time-zone ZONE] [--apply DIGEST] [-o table|json]',
    inputs: [
      ['DUMP', 'of pygmy’s database: pg_dump, as text or with -Fc; not with --inserts'],
      ['--database URL', 'postgresql://user@host/pygmy: read by pg_dump here, without the tables that hold passwords'],
      ['--herd CLUSTER=HERD', 'which herd a cluster is, where neither its name nor its machines say so; may be given several times'],
      ['--time-zone ZONE', 'of its schedules: the one of the machine that it ran on'],
      ['--apply DIGEST', 'import what the dry run with this digest said'],
      ['--all', 'also list what is there already'],
    ],
    examples: [
      'matriarch import-pygmy pygmy.sql --time-zone Europe/Berlin',
      'matriarch import-pygmy pygmy.sql --time-zone Europe/Berlin --apply 3f1c0a9be2d47716',
    ],
    more: 'Herds and their machines have to be registered before. Numbers stay what they were, so that scripts go on working against /v1/api.\nEverything is saved as who imports, with their permissions and in the audit log. Run again, it adds what is missing.\nExit code 4 when something is not imported; each such line says why.',
  },
} as const
