import { auditUnwatchedAfterSeconds } from '@/lib/domain/problems/fleet'
import { counted } from '@/lib/domain/values/counted'
import type { Words } from './shown'

const page = '/audit/verify'

export const auditBroken: Words<'audit-broken'> = {
  title: () => 'The audit log is not the one that was signed',
  item: (one) => ({
    label: one.place,
    href: page,
    detail: one.because ?? '',
    since: one.since,
    next: { label: 'See what differs', href: page },
  }),
}

export const auditUnkept: Words<'audit-unkept'> = {
  title: (count) => `Checkpoints of the audit log cannot be kept in ${counted(count, 'place', 'places')}`,
  item: (one) => ({ label: one.place, href: page, detail: one.because ?? '', since: one.since }),
}

export const auditUnwatched: Words<'audit-unwatched'> = {
  title: () => 'No worker verifies the audit log',
  item: (one) => ({
    label: one.place,
    href: page,
    detail: `none has looked for ${auditUnwatchedAfterSeconds / 60} minutes; the log of the workers says why`,
    since: one.since,
  }),
}
