import { certificates } from '@/db/schema'
import { defineResource } from '@/lib/kernel/resource/resource'
import { moveVerdicts } from './choices'

export const certificate = defineResource({
  name: 'certificate',
  table: certificates,
  noun: ['certificate', 'certificates'],
  menu: { group: 'Work', key: 'v', icon: 'badge' },
  title: (row) => row.title,
  scope: 'environmentId',
  fields: {
    title: { kind: 'text', label: 'Herd', automatic: true },
    environmentId: { kind: 'reference', label: 'Environment', to: 'environment', automatic: true },
    herdId: { kind: 'reference', label: 'Herd page', to: 'herd', automatic: true },
    operation: {
      kind: 'choice',
      label: 'Kind',
      automatic: true,
      choices: [
        { value: 'switchover', label: 'Switchover' },
        { value: 'failover', label: 'Failover' },
      ],
    },
    verdict: {
      kind: 'choice',
      label: 'No commit lost',
      automatic: true,
      choices: moveVerdicts,
    },
    because: { kind: 'longText', label: 'Why', automatic: true },
    lostBytes: { kind: 'bytes', label: 'Lost WAL', automatic: true, help: 'A lower bound. Empty: no loss is known.' },
    gapMs: {
      kind: 'integer',
      label: 'Longest gap',
      unit: 'ms',
      automatic: true,
      help: 'Between two acknowledged commits of the canary. Empty: no canary ran.',
    },
    errors: { kind: 'integer', label: 'Client errors', automatic: true, help: 'Errors the canary received. Empty: no canary ran.' },
    runId: { kind: 'reference', label: 'Run', to: 'run', automatic: true },
    keyId: { kind: 'text', label: 'Signed by', automatic: true },
    issuedAt: { kind: 'moment', label: 'Issued', automatic: true },
  },
  list: {
    columns: ['title', 'environmentId', 'operation', 'verdict', 'gapMs', 'errors', 'lostBytes', 'issuedAt', 'runId', 'because'],
    filters: ['environmentId', 'verdict', 'operation'],
    search: ['title'],
    order: '-issuedAt',
  },
  help: [
    'Whether a switchover or failover lost a commit: proven that it did not, not provable (and why), or lost (and how much). A certificate is signed with the console’s key and kept for good.',
    'Proven means: the old primary shut down cleanly and was fenced before the promotion, the new timeline forks after its last WAL record, the fence held, and neither the canary’s ledger nor a clock contradicts it. It holds for what is in the WAL: unlogged tables and logical slots are counted, and are not part of it.',
    'A certificate is verified without the console: matriarch verify FILE --key KEY, where KEY is the console’s key from the settings page.',
  ],
})
