import { calendars } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'

export const calendar = defineResource({
  name: 'calendar',
  table: calendars,
  noun: ['calendar', 'calendars'],
  menu: { group: 'Work', key: '1', icon: 'calendar' },
  title: (row) => row.name,
  scope: 'environmentId',
  fields: {
    name: { kind: 'text', label: 'Name', required: true, maxLength: 80, help: 'Unique: Christmas, quarter ends.' },
    environmentId: {
      kind: 'reference',
      label: 'Environment',
      to: 'environment',
      empty: 'every environment',
      help: 'Empty: every environment, including future ones.',
    },
    herdId: {
      kind: 'reference',
      label: 'Herd',
      to: 'herd',
      sameEnvironment: true,
      empty: 'every herd',
      help: 'Empty: every herd of the environment.',
    },
    dates: {
      kind: 'longText',
      label: 'Dates',
      required: true,
      maxLength: 10_000,
      help: 'One a line: 2026-12-24, 2026-12-24..2027-01-02, every year 12-24..12-26, every week Sat-Sun; each with times if it is not the whole day: Fri 18:00-24:00.',
    },
    zone: { kind: 'text', label: 'Time zone', maxLength: 60, help: 'As IANA names it: Europe/Berlin. Empty: UTC.' },
    holdsDown: { kind: 'flag', label: 'Rules that shrink rest', initially: true },
    holdsUp: { kind: 'flag', label: 'Rules that grow rest', help: 'And those that return standbys to a larger type.' },
    staysBig: {
      kind: 'flag',
      label: 'Standbys stay large',
      help: 'Those that a rule made smaller get their earlier type back before, and no rule shrinks one until the days are over.',
    },
    growBeforeMinutes: {
      kind: 'integer',
      label: 'Grow before (min)',
      min: 0,
      max: 1440,
      when: { field: 'staysBig', is: 'given' },
      help: 'How long before its days begin. Empty: 60.',
    },
    note: { kind: 'longText', label: 'Note', maxLength: 4000 },
    createdAt: { kind: 'moment', label: 'Added', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: {
    columns: ['name', 'environmentId', 'herdId', 'dates', 'zone', 'holdsDown', 'holdsUp', 'staysBig'],
    filters: ['environmentId', 'holdsDown', 'holdsUp', 'staysBig'],
    search: ['name'],
    order: 'name',
  },
  sections: [
    { title: 'Calendar', fields: ['name', 'environmentId', 'herdId', 'note'] },
    { title: 'Days', fields: ['dates', 'zone', 'holdsDown', 'holdsUp', 'staysBig', 'growBeforeMinutes'] },
  ],
  help: [
    'On the days of a calendar sizing rules rest: those that shrink, those that grow, or both. A rule that would have acted says in its decision which calendar held it.',
    'A calendar that keeps standbys large also gives back, before its days begin, what rules took from them: a busy day does not begin on small machines. It does so in the name of who saved the rule, with all checks of a resize.',
  ],
})
