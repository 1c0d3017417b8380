import type { ThreatenedMember } from './recovery'

/** A standby that may take over, on a machine that nobody takes. */
export const memberOf = (id: string, given: Partial<ThreatenedMember> = {}): ThreatenedMember => ({
  ...{ id, title: id, role: 'standby', state: 'online', threat: 'none', noticeId: id, leftSeconds: null },
  ...{ rank: 1, because: 'It is first.', zone: 'eu-central-1b' },
  ...given,
})

export const primaryOf = (given: Partial<ThreatenedMember> = {}): ThreatenedMember =>
  memberOf('a', { role: 'primary', rank: null, because: 'It is a primary.', zone: 'eu-central-1a', ...given })
