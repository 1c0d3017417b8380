import type { TroubledServer } from '@/lib/domain/problems/fleet'
import { counted } from '@/lib/domain/values/counted'
import type { Addresses, Context, Words } from './shown'

type Kind = `server-${TroubledServer['trouble']}`

const namedMax = 3

/** What else does not answer because of it: that has no line of its own. */
const consequences = ({ instances, poolers }: TroubledServer): string => {
  if (instances.length + poolers === 0) return ''
  const named = instances.slice(0, namedMax).join(', ')
  const more = instances.length > namedMax ? ` and ${instances.length - namedMax} more` : ''
  const parts = [
    ...(instances.length > 0 ? [`${counted(instances.length, 'instance', 'instances')} (${named}${more})`] : []),
    ...(poolers > 0 ? [counted(poolers, 'pooler', 'poolers')] : []),
  ]
  return `; on it, state not known: ${parts.join(', ')}`
}

const words = (title: (count: number) => string, query: string, usual: string): Words<Kind> => ({
  title,
  list: ({ list }: Addresses) => list('server', query),
  item: (server: TroubledServer, { addresses }: Context) => ({
    label: server.hostname,
    href: addresses.object('server', server.id),
    detail: `${server.because ?? usual}${consequences(server)}`,
    since: server.since,
  }),
})

export const serverWords: { [K in Kind]: Words<K> } = {
  'server-host-key-changed': words(
    (count) => `${counted(count, 'server shows', 'servers show')} another host key than the pinned one`,
    'hostKeyOffered=notnull',
    'everything on it is refused until somebody accepts the new key',
  ),
  'server-machine-changed': words(
    (count) => `${counted(count, 'server is', 'servers are')} another machine than the registered one`,
    'machineIdOffered=notnull',
    'everything on it is refused until somebody accepts the new machine',
  ),
  'server-unreachable': words(
    (count) => `${counted(count, 'server does', 'servers do')} not answer over SSH`,
    'state=unreachable,refused',
    'does not answer',
  ),
  'server-agent-silent': words(
    (count) => `The agents of ${counted(count, 'server', 'servers')} have gone silent`,
    'sort=agentSeenAt',
    'its agent used to report',
  ),
}
