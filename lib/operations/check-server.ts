import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { InventoryServer } from '@/lib/ports'
import type { Plain } from './facts/instance'
import { checkHost } from './steps/check-host'

type ServerFacts = { server: Plain<InventoryServer> }

export const checkServer = defineOperation({
  name: 'check-server',
  on: 'server',
  role: 'operator',
  title: 'Check the server',
  verb: 'Check',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Goes through everything the console needs on a server, step by step: SSH, the pinned host key, the login, PostgreSQL’s programs and clusters, disk space, the clock. It changes nothing.',
  ],
  gather: async (ports, _input, { targetId }): Promise<ServerFacts> => ({ server: await ports.inventory.server(targetId) }),
  about: ({ server }) => ({ title: server.title, environmentId: server.environmentId, herdId: null, serverId: server.id }),
  firm: ({ server }) => ({ address: server.address, profile: server.profile }),
  managed: { harmless: 'It only looks.' },
  locks: () => [],
  now: ({ server }) => [
    { label: 'Address', value: `${server.address.address}:${server.address.port}` },
    { label: 'User', value: server.address.user },
    { label: 'Host key', value: server.address.hostKey ?? 'not pinned' },
    { label: 'Profile', value: server.profile },
  ],
  neverAsksPhrase: true,
})
  .effect(
    'check',
    checkHost((facts) => facts.server),
  )
  .build()
