import type { FleetHerd } from '@/lib/domain/problems/fleet'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import type { Context, Words } from './shown'

const herdItem = (herd: FleetHerd, { addresses }: Context, detail: string) => ({
  label: herd.name,
  href: addresses.object('herd', herd.id),
  detail,
  since: null,
})

const noPrimaryDetail = (herd: FleetHerd): string =>
  herd.unseen > 0
    ? `${herd.unseen} of ${counted(herd.members, 'member', 'members')} cannot be seen, so whether one is writable is not known`
    : `${herd.online} of ${counted(herd.members, 'member', 'members')} online, none of them a primary`

const successorWords = ({ successor }: FleetHerd): string => {
  if (successor === null) return 'no standby can take over'
  const lag = successor.lagBytes === null ? 'its lag is not known' : `${formatBytes(successor.lagBytes)} behind the last known position`
  return `best candidate: ${successor.title}, ${lag}`
}

export const splitBrain: Words<'split-brain'> = {
  title: (count) => `Split brain in ${counted(count, 'herd', 'herds')}`,
  item: (herd, context) => ({
    ...herdItem(herd, context, `${herd.primaries} primaries take writes`),
    // Which one gives way is for a person to say; the herd's page shows both and demotes either.
    next: { label: 'Choose which to demote', href: context.addresses.object('herd', herd.id) },
  }),
}

export const noPrimary: Words<'no-primary'> = {
  title: (count) => `${counted(count, 'herd has', 'herds have')} no writable primary`,
  item: (herd, context) => ({
    ...herdItem(herd, context, `${noPrimaryDetail(herd)}; ${successorWords(herd)}`),
    since: herd.lostAt,
    ...(herd.successor && { next: { label: 'Fail over…', href: context.addresses.run('dr-pair', 'failover', { ids: herd.id }) } }),
  }),
}

export const foreign: Words<'foreign'> = {
  title: (count) => `${counted(count, 'herd holds', 'herds hold')} primaries of different systems`,
  item: (herd, context) => herdItem(herd, context, `${herd.primaries} primaries, ${herd.primaryIdentifiers} system identifiers`),
}

export const twoManagers: Words<'two-managers'> = {
  title: (count) => `${counted(count, 'herd has', 'herds have')} more than one manager`,
  item: (herd, context) => herdItem(herd, context, 'more than one program decides which member is primary: end all but one'),
}

export const managerPaused: Words<'manager-paused'> = {
  title: (count) => `Patroni is paused in ${counted(count, 'herd', 'herds')}`,
  item: (herd, context) => herdItem(herd, context, 'maintenance mode: nothing fails over until it is resumed (patronictl resume)'),
}

export const healthCritical: Words<'health-critical'> = {
  title: (count) => `${counted(count, 'health check')} found something critical`,
  list: ({ list }) => list('herd', 'health=critical'),
  item: ({ id, name, check, count, member, object, shown, since, seenAt }, { addresses }) => ({
    label: `${name}: ${check}`,
    href: `${addresses.object('herd', id)}/health`,
    detail: `${member}${object === '' ? '' : `, ${object}`}: ${shown}${count > 1 ? `, and ${count - 1} more` : ''}`,
    since,
    seenAt,
    next: { label: 'See the remedy', href: `${addresses.object('herd', id)}/health` },
  }),
}
