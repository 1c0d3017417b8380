import { foundSettings, herdSettings, instanceSettings, settingQuery, settingRowsMax } from '@/lib/shapes/settings'
import { defineCall } from '../call'

const tag = 'settings'
const description =
  'Kept every ten minutes, and as soon as a server is seen to have been started or reloaded. Passwords and keys in values are masked before they are kept.'
const query = { look: 'now: a worker looks first, and is waited for 12 s at most.' }
const { name, compare, value, environment, source, pending, page, per } = settingQuery.shape

export const settingCalls = {
  instanceSettings: defineCall({
    method: 'GET',
    path: '/api/v1/instances/{id}/settings',
    tag,
    caller: 'actor',
    summary: 'Read every setting of an instance, and what changed',
    description,
    query,
    output: instanceSettings,
    faults: ['input.invalid', 'record.missing'],
  }),
  herdSettings: defineCall({
    method: 'GET',
    path: '/api/v1/herds/{id}/settings',
    tag,
    caller: 'actor',
    summary: 'Read the settings of a herd’s members side by side',
    description: `${description} Those at their default on every member are left out.`,
    query,
    output: herdSettings,
    faults: ['input.invalid', 'record.missing'],
  }),
  findSettings: defineCall({
    method: 'GET',
    path: '/api/v1/settings',
    tag,
    caller: 'actor',
    summary: 'Find instances by the value of a setting',
    description: `${description} Servers at their default count with it. With \`format=csv\` every row there is, whatever the page.`,
    alsoContentType: 'text/csv',
    query: {
      name: name.description!,
      compare: { description: compare.description!, schema: { type: 'string', enum: ['is', 'not', 'more', 'less'], default: 'not' } },
      value: value.description!,
      environment: environment.description!,
      source: { description: source.description!, schema: { type: 'string', enum: ['', 'default', 'set'] } },
      pending: { description: pending.description!, schema: { type: 'string', enum: ['', 'yes'] } },
      page: { description: page.description!, schema: { type: 'integer', minimum: 1, default: 1 } },
      per: { description: per.description!, schema: { type: 'integer', minimum: 1, maximum: settingRowsMax, default: 100 } },
      format: { description: 'csv instead of JSON.', schema: { type: 'string', enum: ['json', 'csv'], default: 'json' } },
    },
    output: foundSettings,
    faults: ['input.invalid', 'access.denied'],
  }),
}
