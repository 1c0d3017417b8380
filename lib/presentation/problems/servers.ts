import type { TroubledServer } from '@/lib/domain/problems/fleet'
import { counted, type Words } from './shown'

const words = (title: (count: number) => string, query: string, usual: string) => ({
  title,
  list: ({ list }: { list: (resource: string, query: string) => string }) => list('server', query),
  item: (server: TroubledServer, { addresses }: { addresses: { object: (resource: string, id: string) => string } }) => ({
    label: server.hostname,
    href: addresses.object('server', server.id),
    detail: server.because ?? usual,
    at: server.at,
  }),
})

export const hostKeyChanged: Words<'server-host-key-changed'> = words(
  (count) => `${counted(count, 'server shows', 'servers show')} another host key than the pinned one`,
  'hostKeyOffered=notnull',
  'everything on it is refused until a person accepts the new key',
)

export const serverUnreachable: Words<'server-unreachable'> = words(
  (count) => `${counted(count, 'server does', 'servers do')} not answer over SSH`,
  'state=unreachable,refused',
  'does not answer',
)

export const agentSilent: Words<'server-agent-silent'> = words(
  (count) => `The agents of ${counted(count, 'server', 'servers')} have gone silent`,
  'sort=agentSeenAt',
  'its agent used to report',
)
