/**
 * Who may import whom. A room is a folder or a file; a file belongs to the deepest room that holds it, and sees its own room. What a room may import is
 * named by path: a folder stands for all in it. Types count as much as values, and tests stand outside. `e2e/walls/walls.test.ts` holds the whole tree
 * against this.
 */
export interface Room {
  /** Paths, with blanks between. */
  imports: string
  /** Packages without their subpaths, with blanks between: one vendor library an adapter. `node`: its modules, which the browser does not have. */
  libraries?: string
}

export interface Walls {
  rooms: Readonly<Record<string, Room>>
  /** Who reads `process.env`, by path, and why. */
  env: Readonly<Record<string, string>>
  /** Who writes statements of SQL, by path, and for which database. */
  sql: Readonly<Record<string, string>>
  /** Who imports what only the run names, by path, and why nobody can say it before. */
  computed: Readonly<Record<string, string>>
}

const rooms: Walls['rooms'] = {
  // Knowledge: no process, no database, no browser.
  'lib/domain': { imports: '' },
  'lib/ports': { imports: 'lib/domain' },
  'lib/kernel/ground': { imports: 'lib/domain', libraries: 'zod node' },
  'lib/kernel/access': { imports: '' },
  'lib/kernel/resource': { imports: 'lib/domain lib/kernel/ground', libraries: 'drizzle-orm' },
  'lib/kernel/operation': { imports: 'lib/domain lib/kernel/ground lib/kernel/access lib/ports', libraries: 'zod' },
  'lib/kernel/engine': { imports: 'lib/kernel/ground lib/kernel/operation lib/ports', libraries: 'zod' },
  'lib/fields': { imports: 'lib/domain lib/kernel/ground lib/kernel/resource', libraries: 'zod' },
  'lib/shapes': { imports: 'lib/domain lib/kernel', libraries: 'yaml zod' },
  'lib/presentation': { imports: 'lib/domain' },
  'lib/resources': { imports: 'lib/domain lib/kernel/access lib/kernel/resource lib/kernel/operation db/schema' },
  'lib/operations': { imports: 'lib/domain lib/kernel lib/ports lib/shapes', libraries: 'zod' },

  // The world: one library each.
  'lib/adapters/ssh': { imports: 'lib/domain lib/kernel/ground lib/ports', libraries: 'ssh2 node' },
  'lib/adapters/hosts': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh' },
  'lib/adapters/postgres': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh', libraries: 'pg node' },
  'lib/adapters/stacks': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh', libraries: 'node' },
  'lib/adapters/clusters': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh' },
  'lib/adapters/copies': {
    imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/postgres',
    libraries: 'ssh2 node',
  },
  'lib/adapters/poolers': {
    imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/hosts lib/adapters/postgres',
    libraries: 'pg node',
  },
  'lib/adapters/endpoints': {
    imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/hosts',
    libraries: 'node',
  },
  'lib/adapters/etcd': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/hosts' },
  'lib/adapters/haproxy': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh', libraries: 'node' },
  'lib/adapters/health': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/postgres' },
  'lib/adapters/maintenance': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/postgres' },
  'lib/adapters/canary': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/postgres', libraries: 'pg node' },
  'lib/adapters/drill': {
    imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh lib/adapters/hosts lib/adapters/postgres lib/adapters/canary',
    libraries: 'pg node',
  },
  'lib/adapters/dns/wire': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh/deadline.ts', libraries: 'dns-packet node' },
  'lib/adapters/dns/provider.ts': { imports: 'lib/ports lib/adapters/ssh/deadline.ts lib/adapters/dns/wire' },
  'lib/adapters/dns/route53.ts': {
    imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh/deadline.ts lib/adapters/dns/wire lib/adapters/dns/provider.ts',
    libraries: '@aws-sdk/client-route-53',
  },
  'lib/adapters/dns': {
    imports:
      'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh/deadline.ts lib/adapters/dns/wire lib/adapters/dns/provider.ts lib/adapters/dns/route53.ts',
    libraries: 'node',
  },
  'lib/adapters/aws': {
    imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/ssh/deadline.ts',
    libraries:
      '@aws-sdk/client-cloudwatch @aws-sdk/client-ec2 @aws-sdk/client-pricing @aws-sdk/client-rds @aws-sdk/client-sts @aws-sdk/rds-signer',
  },
  'lib/adapters/scripts': { imports: 'lib/kernel/ground lib/ports', libraries: 'node' },
  'lib/adapters/feeds': { imports: 'lib/domain lib/kernel/ground lib/ports', libraries: 'node' },
  'lib/adapters/ldap': { imports: 'lib/kernel/ground lib/ports', libraries: 'ldapjs node' },
  'lib/adapters/oidc': { imports: 'lib/kernel/ground lib/ports', libraries: 'openid-client jose' },
  'lib/adapters/messages/mail.ts': { imports: 'lib/ports', libraries: 'nodemailer' },
  'lib/adapters/messages': { imports: 'lib/domain lib/ports lib/adapters/messages/mail.ts', libraries: 'node' },
  'lib/adapters/audit': { imports: 'lib/ports', libraries: 'node' },
  'lib/adapters/vault.ts': { imports: 'lib/kernel/ground', libraries: 'ssh2 node' },
  'lib/adapters/redis-health.ts': { imports: 'lib/kernel/ground lib/ports', libraries: 'ioredis' },
  'lib/adapters/over-ssh.ts': { imports: 'lib/kernel/ground lib/ports lib/adapters' },
  'lib/adapters/memory': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/hosts/check.ts', libraries: 'node' },
  'lib/adapters/contract': { imports: 'lib/domain lib/kernel/ground lib/ports lib/adapters/postgres', libraries: 'vitest' },

  // What a process is given when it starts.
  'lib/env.ts': { imports: '', libraries: 'zod node' },
  'lib/log.ts': { imports: 'lib/env.ts', libraries: 'pino' },
  'lib/yaml.ts': { imports: '', libraries: 'yaml' },
  'lib/web-ports.ts': {
    imports: 'lib/ports lib/env.ts lib/adapters/ldap lib/adapters/oidc lib/adapters/redis-health.ts',
    libraries: 'node',
  },

  // The console's own database.
  'db/schema': { imports: 'lib/domain lib/kernel', libraries: 'drizzle-orm' },
  'db/pg': { imports: 'db/schema lib/kernel/ground lib/kernel/resource lib/resources lib/env.ts', libraries: 'drizzle-orm pg node' },
  'db/trail': { imports: 'db/schema db/pg lib/domain lib/kernel lib/ports lib/shapes', libraries: 'drizzle-orm node' },
  'db/keys': { imports: 'db/schema db/pg db/trail db/records lib/kernel lib/shapes lib/resources', libraries: 'drizzle-orm node' },
  'db/records': {
    imports: 'db/schema db/pg db/trail lib/domain lib/kernel lib/fields lib/shapes lib/resources lib/operations',
    libraries: 'drizzle-orm',
  },
  'db/runs': { imports: 'db/schema db/pg db/trail lib/domain lib/kernel lib/shapes lib/operations', libraries: 'drizzle-orm' },
  'db/settings': { imports: 'db/schema db/pg db/fleet lib/domain lib/kernel lib/shapes' },
  'db/stacks': { imports: 'db/pg lib/domain lib/kernel/access lib/kernel/ground lib/ports lib/shapes' },
  'db/statements': { imports: 'db/schema db/pg db/fleet lib/domain lib/kernel lib/operations lib/shapes' },
  'db/health': { imports: 'db/schema db/pg db/fleet db/samples lib/domain lib/kernel lib/operations lib/shapes' },
  'db/prices': { imports: 'db/schema db/pg lib/domain lib/kernel lib/shapes' },
  'db/blueprints': {
    imports: 'db/pg db/prices db/records lib/domain lib/fields lib/kernel lib/resources lib/shapes',
  },
  'db/evictions': { imports: 'db/schema db/pg db/trail db/fleet lib/domain lib/kernel lib/fields lib/shapes' },
  'db/timeline': { imports: 'db/pg lib/domain lib/kernel lib/shapes' },
  'db/samples': { imports: 'db/schema db/pg lib/domain lib/kernel lib/shapes' },
  'db/rules': { imports: 'db/schema db/pg db/trail db/samples db/prices lib/domain lib/kernel lib/shapes' },
  'db/pygmy': { imports: 'db/schema db/pg db/trail db/records lib/domain lib/kernel lib/resources lib/shapes', libraries: 'node' },
  'db/people': { imports: 'db/schema db/pg db/trail lib/domain lib/kernel lib/ports', libraries: 'drizzle-orm' },
  'db/fleet': {
    imports:
      'db/schema db/pg db/trail db/records db/prices lib/domain lib/kernel lib/ports lib/shapes lib/resources lib/operations lib/log.ts',
    libraries: 'drizzle-orm zod',
  },
  'db/discovery': {
    imports: 'db/schema db/pg db/trail db/records db/fleet lib/domain lib/kernel lib/fields lib/ports lib/shapes lib/resources',
    libraries: 'drizzle-orm',
  },
  'db/notifications': {
    imports: 'db/schema db/pg db/trail db/records lib/domain lib/kernel lib/ports lib/resources',
  },
  db: { imports: 'db/schema db/pg lib/env.ts', libraries: 'drizzle-orm drizzle-kit pg node' },

  // Work: the web side asks, workers do.
  'jobs/queue': { imports: 'db/pg lib/kernel/ground lib/env.ts lib/log.ts', libraries: 'bullmq ioredis' },
  'jobs/requests': { imports: 'jobs/queue db lib/domain lib/kernel lib/shapes lib/resources lib/operations', libraries: 'zod' },
  'jobs/driver': { imports: 'jobs/queue jobs/requests db lib/kernel lib/ports lib/resources', libraries: 'node' },
  'jobs/leaders': { imports: 'jobs/queue jobs/requests jobs/observer db lib/domain lib/kernel lib/ports' },
  'jobs/evictions': { imports: 'jobs/queue jobs/requests db lib/domain lib/kernel lib/shapes' },
  'jobs/expiry': { imports: 'jobs/queue jobs/requests db lib/domain lib/kernel' },
  'jobs/sizing': { imports: 'jobs/queue jobs/requests db lib/domain lib/kernel' },
  'jobs/observer': { imports: 'jobs/queue db lib/domain lib/kernel lib/ports lib/operations', libraries: 'node' },
  'jobs/messenger': { imports: 'jobs/queue db lib/domain lib/kernel lib/ports lib/presentation lib/resources' },
  'jobs/ports.ts': { imports: 'db lib/kernel/ground lib/ports lib/adapters lib/env.ts', libraries: 'node' },
  'jobs/migrate.ts': { imports: 'jobs/queue db lib/env.ts' },
  'jobs/reseal.ts': { imports: 'db lib/adapters/vault.ts lib/env.ts lib/kernel/access' },
  'jobs/worker.ts': {
    imports:
      'jobs/driver jobs/messenger jobs/observer jobs/leaders jobs/sizing jobs/evictions jobs/expiry jobs/queue jobs/ports.ts db lib/adapters/copies lib/kernel/ground lib/operations lib/env.ts lib/log.ts',
  },

  // What people see.
  'components/ui': { imports: 'lib/kernel/resource lib/shapes', libraries: 'clsx lucide-react next radix-ui react' },
  components: {
    imports: 'components/ui lib/domain lib/kernel lib/fields lib/shapes lib/presentation',
    libraries:
      '@hookform/resolvers @simplewebauthn/browser @tanstack/react-table clsx lucide-react next next-auth react react-hook-form uplot',
  },
  'lib/auth': {
    imports: 'db lib/kernel lib/ports lib/env.ts lib/log.ts lib/web-ports.ts',
    libraries: '@simplewebauthn/server @zxcvbn-ts/language-common next next-auth otpauth react uqr zod node',
  },
  'app/(auth)': { imports: 'components lib/auth lib/web-ports.ts', libraries: 'next next-auth react' },
  'app/(console)': {
    imports:
      'components jobs/requests db lib/domain lib/kernel lib/fields lib/shapes lib/presentation lib/resources lib/operations lib/auth lib/env.ts lib/log.ts lib/web-ports.ts',
    libraries: 'lucide-react next react zod',
  },
  'app/api': {
    imports:
      'jobs/requests db lib/domain lib/kernel lib/fields lib/shapes lib/presentation lib/resources lib/operations lib/auth lib/env.ts lib/log.ts lib/web-ports.ts lib/yaml.ts',
    libraries: 'next next-auth zod node',
  },
  'app/v1': { imports: 'app/api db lib/kernel lib/env.ts' },
  app: { imports: 'app/api components db lib/kernel lib/auth lib/env.ts lib/log.ts lib/web-ports.ts', libraries: 'next react node' },
  'instrumentation.ts': { imports: 'db/records' },
  'postcss.config.mjs': { imports: '' },
  'next.config.ts': { imports: '', libraries: 'next node' },

  // Beside the console: it talks to it over HTTP.
  'lib/cli': {
    imports: 'lib/domain lib/kernel/ground lib/kernel/operation lib/shapes lib/adapters/feeds lib/yaml.ts',
    libraries: 'tsx node',
  },

  // The playground. Its lab knows nothing of the console; `start` puts one in front of it.
  'lib/playground/machine': { imports: '', libraries: 'node' },
  'lib/playground/cloud': { imports: 'lib/domain', libraries: 'node' },
  'lib/playground/fleet': { imports: 'lib/playground/machine' },
  'lib/playground/hosts': { imports: 'lib/playground/machine lib/playground/fleet', libraries: 'node' },
  'lib/playground/load': { imports: 'lib/playground/machine lib/playground/services', libraries: 'pg node' },
  'lib/playground/services/identity-provider.ts': { imports: '', libraries: 'oidc-provider node' },
  'lib/playground/services': {
    imports: 'lib/domain/reader lib/playground/machine lib/playground/fleet lib/playground/hosts',
    libraries: 'node',
  },
  'lib/playground/lab': {
    imports: 'lib/playground/machine lib/playground/fleet lib/playground/hosts lib/playground/load lib/playground/services',
    libraries: 'node',
  },
  'lib/playground/start': {
    imports:
      'lib/playground/progress.mjs lib/playground/setup.mjs lib/playground/machine lib/playground/cloud lib/playground/fleet lib/playground/services lib/playground/lab db jobs/requests lib/adapters/vault.ts lib/auth lib/domain lib/kernel/access lib/env.ts',
    libraries: 'esbuild pg node',
  },
  'lib/playground/progress.mjs': { imports: '' },
  'lib/playground/setup.mjs': { imports: 'lib/playground/machine', libraries: 'node' },
  'lib/playground': {
    imports: 'lib/playground/start lib/playground/machine lib/playground/progress.mjs lib/playground/setup.mjs',
    libraries: 'tsx node',
  },

  // What tries the whole.
  'e2e/harness': {
    imports: 'app/api db jobs lib',
    libraries: '@axe-core/playwright @playwright/test ajv ajv-formats dns-packet drizzle-orm next-auth pg vitest yaml zod node',
  },
  'e2e/access': {
    imports: 'e2e/harness app db jobs/requests lib',
    libraries: 'drizzle-orm next next-auth pg react vitest zod node',
  },
  'e2e/bench': { imports: 'e2e/harness db jobs/requests jobs/sizing lib', libraries: 'pg ssh2 node' },
  'e2e/certificates': { imports: 'e2e/harness lib', libraries: 'vitest node' },
  'e2e/texts': { imports: 'app lib', libraries: 'vitest node' },
  'e2e/walls': { imports: '', libraries: 'vitest node' },
  e2e: { imports: 'e2e/harness lib', libraries: '@playwright/test node' },
  'vitest.config.ts': { imports: 'e2e/harness/longest-first.ts', libraries: 'vitest node' },
}

export const walls: Walls = {
  rooms,
  env: {
    'lib/env.ts': 'reads and checks it once for both server processes',
    'app/server.ts': 'PORT, HOSTNAME and the build it serves, which are Next’s',
    'app/api/auth': 'gives the address of the console to the library that reads it there',
    'instrumentation.ts': 'which of Next’s runtimes this is',
    'next.config.ts': 'where the build goes',
    'lib/cli': 'a program of its own, with variables of its own',
    'lib/playground': 'starts processes, and hands its environment on to them',
    e2e: 'starts processes, and hands its environment on to them',
  },
  sql: {
    db: 'the console’s own database',
    'lib/domain/replication/conf.ts': 'the servers that are operated',
    'lib/domain/reader': 'the servers that are operated',
    'lib/domain/blueprints/launch': 'the servers that are operated',
    'lib/domain/health': 'the servers that are operated',
    'lib/operations': 'the servers that are operated',
    'lib/adapters': 'the servers that are operated',
    'lib/playground': 'the lab’s servers, and a console’s database that it fills',
    e2e: 'whatever a test looks at',
  },
  computed: {
    'e2e/bench/index.ts': 'the bench that the command line names',
    'e2e/access/on-disk.ts': 'every route and page there is',
    'e2e/harness/api.ts': 'the route that a test asks for',
  },
}
