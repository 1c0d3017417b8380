import type { TroubledInstance } from '@/lib/domain/problems/fleet'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Words } from './shown'

const lagOf = ({ lagBytes, lagSeconds }: TroubledInstance): string =>
  [lagBytes === null ? null : formatBytes(lagBytes), lagSeconds === null ? null : formatDuration(lagSeconds)]
    .filter((part) => part !== null)
    .join(', ')

const detailOf = (instance: TroubledInstance): string => {
  if (instance.trouble === 'lagging') return `${lagOf(instance)} behind`
  if (instance.trouble === 'replay-paused')
    return ['replay paused', lagOf(instance) && `${lagOf(instance)} behind`].filter(Boolean).join(', ')
  if (instance.trouble === 'stale') return instance.since === null ? 'never observed' : `last seen ${instance.state}`
  return instance.because ?? instance.state
}

const words = (title: (count: number) => string, query: string): Words<TroubledInstance['trouble']> => ({
  title,
  list: ({ list }) => list('instance', query),
  item: (instance, { addresses }) => ({
    label: instance.title,
    href: addresses.object('instance', instance.id),
    detail: detailOf(instance),
    since: instance.since,
  }),
})

export const instanceWords: { [Kind in TroubledInstance['trouble']]: Words<Kind> } = {
  down: words((count) => `${counted(count, 'instance is', 'instances are')} down`, 'state=stopped,crashed,absent'),
  unreachable: words((count) => `${counted(count, 'instance', 'instances')} cannot be reached: state not known`, 'state=unreachable'),
  refused: words((count) => `${counted(count, 'instance refuses', 'instances refuse')} the console’s login`, 'state=refused'),
  'not-streaming': words(
    (count) => `${counted(count, 'standby does', 'standbys do')} not stream`,
    'role=standby&state=online&syncState=isnull',
  ),
  'replay-paused': words((count) => `${counted(count, 'standby has', 'standbys have')} replay paused`, 'isReplayPaused=true'),
  lagging: words((count) => `${counted(count, 'standby lags', 'standbys lag')} far behind`, 'role=standby&sort=-lagBytes'),
  stale: words((count) => `Facts of ${counted(count, 'instance', 'instances')} are stale`, 'sort=observedAt'),
  'pending-restart': words(
    (count) => `${counted(count, 'instance has', 'instances have')} settings pending a restart`,
    'hasPendingRestart=true',
  ),
}
