import { z } from 'zod'
import type { InputPick } from '@/lib/kernel/operation/input-pick'

const path = /^$|^\/[A-Za-z0-9._/-]*[A-Za-z0-9._-]$/
const networks = /^(all|samenet|samehost|[0-9a-fA-F.:]+\/\d{1,3})$/

export const createInput = z.strictObject({
  herd: z
    .string()
    .min(1)
    .max(80)
    .meta({
      title: 'Herd',
      picks: 'herd' satisfies InputPick,
      examples: ['orders'],
      description:
        'Id or name of a herd in the environment of the server. A herd without members gets its primary, any other herd a standby.',
    }),
  upstream: z.string().max(80).default('').meta({
    title: 'Upstream',
    description: 'For a standby: id or title of the member to copy from and to follow. Empty: the primary of the herd.',
  }),
  major: z
    .string()
    .regex(/^(\d{2})?$/, 'A major version is two digits: 15.')
    .default('')
    .meta({
      title: 'Major version',
      description: 'Empty: the upstream’s. For a primary: the one in the herd’s data directory path, otherwise the newest on the host.',
    }),
  port: z.int().min(0).max(65535).default(0).meta({ title: 'Port', description: '0: the herd’s.' }),
  dataDirectory: z.string().max(200).regex(path, 'An absolute path of letters, digits, dots, dashes and underscores.').default('').meta({
    title: 'Data directory',
    description: 'Empty: the herd’s, with the chosen major version. The directory must be empty or absent.',
  }),
  checksums: z
    .boolean()
    .default(true)
    .meta({ title: 'Data checksums', description: 'For a primary. Standbys have what their primary has.' }),
  encoding: z
    .string()
    .regex(/^[A-Za-z0-9_-]{2,20}$/, 'The name of an encoding: UTF8.')
    .default('UTF8')
    .meta({ title: 'Encoding', description: 'For a primary.' }),
  locale: z
    .string()
    .regex(/^[A-Za-z0-9_.@-]{1,40}$/, 'The name of a locale: C.UTF-8.')
    .default('C.UTF-8')
    .meta({ title: 'Locale', description: 'For a primary. `locale -a` on the host lists those it has.' }),
  letsIn: z.string().max(60).regex(networks, 'An address range as 10.0.0.0/8, or samenet, or all.').default('samenet').meta({
    title: 'Allowed client addresses',
    description:
      'Addresses that may connect with a password (scram-sha-256), as pg_hba.conf writes them. samenet: the networks the host is in.',
  }),
  throttleMbit: z.int().min(0).max(8000).default(0).meta({
    title: 'Bandwidth limit (Mbit/s)',
    description: 'For a standby. 0: no limit.',
  }),
})

export type CreateInput = z.infer<typeof createInput>
