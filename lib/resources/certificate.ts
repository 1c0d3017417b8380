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
    because: { kind: 'longText', label: 'Because', automatic: true },
    lostBytes: { kind: 'bytes', label: 'Lost WAL', automatic: true, help: 'At least so much; empty: none that is known.' },
    gapMs: {
      kind: 'integer',
      label: 'Longest gap',
      unit: 'ms',
      automatic: true,
      help: 'Between two acknowledged commits of the canary; empty: none wrote.',
    },
    errors: { kind: 'integer', label: 'Client errors', automatic: true, help: 'That the canary saw; empty: none wrote.' },
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
    'Whether a move of a primary lost a commit: proven, not provable (and why not), or lost (and how much). It is signed with the console’s key and kept for good.',
    'Proven means: the old primary shut down cleanly and was fenced before the promotion, the new timeline leaves the old one past its last record, the fence was seen to have held, and nothing speaks against it, neither a canary’s ledger nor a clock.',
    'The file of a certificate is checked without the console: matriarch verify FILE --key KEY, where KEY is the console’s key as the settings page shows it.',
  ],
})
