import { z } from 'zod'
import { type Stack, type StackProblem, stackParts, stackProblems } from '@/lib/domain/stack/stack'

/**
 * The file that a cluster is built from (YAML, of which JSON is a part). What is left out has the value named here; `servers` and `network` have none.
 * Every name of a field is as it stands in the file, so a problem can be shown beside it.
 */
const port = (usual: number) => z.number().int().min(1).max(65535).default(usual)
const roleName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'Use small letters, digits and underscores, and begin with a letter.')
  .refine((name) => !['postgres', 'replicator', 'rewind', 'pgbouncer'].includes(name), 'The cluster has a role of that name of its own.')

export const stackFileSchema = z.strictObject({
  cluster: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,40}$/, 'Use small letters, digits, - and _, at most 41, and begin with a letter.')
    .describe('Patroni’s scope; also the name of the herd and of the data directories.'),
  servers: z
    .record(z.string(), z.array(z.enum(stackParts)))
    .describe('Registered servers of the environment by name, each with its parts: postgres on 2 or more, etcd on 3 or 5, pooler, proxy.'),
  addresses: z
    .record(z.string(), z.union([z.ipv4(), z.ipv6()]))
    .default({})
    .describe('Where the servers reach one another, by name, where that is not the registered address.'),
  network: z
    .string()
    .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, 'Write it in CIDR notation: 10.0.0.0/8.')
    .describe('Whence clients may connect.'),
  postgres: z
    .strictObject({
      major: z
        .string()
        .regex(/^\d\d$/, 'Write the major version in quotes: "15".')
        .default('15'),
      port: port(5432),
      synchronous: z
        .enum(['off', 'on', 'strict'])
        .default('on')
        .describe('on: a commit waits for a standby while there is one. strict: it waits even then. off: a failover may lose commits.'),
      profile: z
        .enum(['plain', 'transactions', 'mixed', 'reporting'])
        .default('mixed')
        .describe('Which values memory, checkpoints and the planner get. plain: PostgreSQL’s own.'),
      memoryMb: z.number().int().min(256).max(4_000_000).nullable().default(null).describe('RAM that PostgreSQL may plan with (MiB).'),
      maxConnections: z.number().int().min(20).max(10_000).default(200),
      parameters: z
        .record(z.string().regex(/^[a-z][a-z0-9_.]*$/), z.union([z.string(), z.number(), z.boolean()]).transform(String))
        .default({})
        .describe('Set over those of the profile.'),
    })
    .prefault({}),
  patroni: z
    .strictObject({
      restPort: port(8008),
      ttl: z
        .number()
        .int()
        .min(20)
        .max(600)
        .default(20)
        .describe('Without the primary’s sign of life for so long, a standby takes over (s).'),
      loopWait: z.number().int().min(1).max(60).default(5),
      retryTimeout: z.number().int().min(3).max(120).default(5),
      watchdog: z.enum(['off', 'automatic', 'required']).default('off').describe('softdog resets a primary whose Patroni hangs.'),
    })
    .prefault({}),
  etcd: z.strictObject({ clientPort: port(2379), peerPort: port(2380) }).prefault({}),
  pooler: z
    .strictObject({
      port: port(6432),
      poolMode: z.enum(['transaction', 'session', 'statement']).default('transaction'),
      poolSize: z.number().int().min(1).max(5000).default(50).describe('Server connections for each user and database.'),
      maxClients: z.number().int().min(1).max(100_000).default(1000),
    })
    .prefault({}),
  proxy: z.strictObject({ writePort: port(15432), readPort: port(15433) }).prefault({}),
  database: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'Use small letters, digits and underscores.')
        .default('app'),
      users: z
        .array(roleName)
        .min(1)
        .max(50)
        .default(['app'])
        .describe('The first one owns the database; the console makes a password for each.'),
    })
    .prefault({}),
  certificateDays: z.number().int().min(7).max(3650).default(365),
})

export type StackFileText = z.infer<typeof stackFileSchema>

export type ReadStackFile = { file: StackFileText; problems: [] } | { file: null; problems: StackProblem[] }

/** Judges what a cluster file holds. Each problem names its field as the file writes it, and what to do. */
export const readStackDocument = (document: unknown): ReadStackFile => {
  const read = stackFileSchema.safeParse(document)
  if (!read.success)
    return {
      file: null,
      problems: read.error.issues.map(({ path, message, ...issue }) => ({
        field: path.join('.') || 'file',
        because: 'keys' in issue ? `There is no field ${issue.keys.join(', ')}.` : message,
      })),
    }
  const problems = stackProblems(stackOf(read.data, {}))
  return problems.length === 0 ? { file: read.data, problems: [] } : { file: null, problems }
}

/** The declaration, with the addresses of its servers by their names. A server that has none gets an empty one. */
export const stackOf = ({ servers, addresses: own, ...rest }: StackFileText, addresses: Readonly<Record<string, string>>): Stack => ({
  ...rest,
  servers: Object.entries(servers).map(([name, parts]) => ({
    name,
    parts: [...new Set(parts)],
    address: own[name] ?? addresses[name] ?? '',
  })),
})
