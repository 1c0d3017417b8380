import { sizingLimits, sizingRecommendations } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'

export const sizingRecommendation = defineResource({
  name: 'sizing-recommendation',
  table: sizingRecommendations,
  noun: ['sizing recommendation', 'sizing recommendations'],
  menu: { group: 'Work', key: '7', icon: 'badge' },
  title: (row) => row.title,
  scope: 'environmentId',
  fields: {
    title: { kind: 'text', label: 'Of', automatic: true },
    herdId: { kind: 'reference', label: 'Herd', to: 'herd', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    kind: {
      kind: 'choice',
      label: 'Recommendation',
      automatic: true,
      choices: [
        { value: 'shrink', label: 'Shrink in quiet hours', tone: 'good' },
        { value: 'smaller', label: 'Smaller at every hour', tone: 'good' },
        { value: 'review', label: 'Review a rule', tone: 'warn' },
        { value: 'covered', label: 'Has a rule', tone: 'neutral' },
        { value: 'none', label: 'None', tone: 'neutral' },
      ],
    },
    fromType: { kind: 'text', label: 'Type now', automatic: true },
    type: { kind: 'text', label: 'Recommended type', automatic: true },
    fromHour: { kind: 'integer', label: 'From (hour, UTC)', automatic: true },
    untilHour: { kind: 'integer', label: 'Until (hour, UTC)', automatic: true },
    savedUsd: {
      kind: 'integer',
      label: 'Would save',
      unit: '$ a month',
      automatic: true,
      help: 'At on-demand prices, for all standbys of the herd.',
    },
    because: { kind: 'longText', label: 'Why', automatic: true },
    ruleId: { kind: 'reference', label: 'Rule', to: 'sizing-rule', automatic: true },
    evidence: { kind: 'json', label: 'Evidence', automatic: true, help: 'What the busiest standby used in each hour, in vCPUs.' },
    foundAt: { kind: 'moment', label: 'Found', automatic: true },
  },
  list: {
    columns: ['title', 'environmentId', 'kind', 'fromType', 'type', 'fromHour', 'untilHour', 'savedUsd', 'because', 'foundAt'],
    filters: ['kind', 'environmentId'],
    search: ['title'],
    order: '-savedUsd',
  },
  help: [
    'What the load of the last four weeks says of the size of a herd’s standbys: at which hours they could be smaller, how small, and what that would save. It is worked out anew each day, and acts by itself on nothing: a rule is made of it on its page.',
    'Counted is what the busiest standby used in vCPUs, by hour of the day, on nine of ten days. A type is recommended if no more than 60 % of its vCPUs and 80 % of its memory would be used, for at least four hours in a row.',
    'A herd whose rule seldom acts, because its conditions are not met, is shown for review.',
  ],
})

export const sizingLimit = defineResource({
  name: 'sizing-limit',
  table: sizingLimits,
  noun: ['sizing limit', 'sizing limits'],
  menu: { group: 'Work', key: '8', icon: 'shield' },
  title: (row) => row.region || 'The fleet',
  scope: 'console',
  fields: {
    region: {
      kind: 'text',
      label: 'Region',
      maxLength: 40,
      empty: 'the fleet',
      pattern: { source: '^[a-z]{2}(-[a-z]+)+-\\d$', message: 'Write a region as AWS does: eu-central-1.' },
      help: 'As AWS names it: eu-central-1. Empty: the whole fleet.',
    },
    atOnce: {
      kind: 'integer',
      label: 'Herds at once',
      required: true,
      min: 1,
      max: 10_000,
      help: 'How many herds sizing rules resize at once. What a person submits is not counted; a job that needs attention is.',
    },
    note: { kind: 'longText', label: 'Note', maxLength: 4000 },
    createdAt: { kind: 'moment', label: 'Added', automatic: true },
    changedAt: { kind: 'moment', label: 'Changed', automatic: true },
  },
  list: { columns: ['region', 'atOnce', 'note', 'changedAt'], filters: [], search: ['region'], order: 'region' },
  sections: [{ title: 'Limit', fields: ['region', 'atOnce', 'note'] }],
  help: [
    'How many herds sizing rules resize at the same time: over the whole fleet, and in a region. Where no limit is set for the fleet it is 20. A decision that finds no place waits, with the reason in its row, and is refused once it has waited for as long as its rule may start late.',
  ],
})
