import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, warn } from '@/lib/kernel/operation/verdict'
import type { EtcdPlace } from '@/lib/ports'
import { aboutCluster } from '../cluster'
import { askTimeoutMs, type EtcdFacts, etcdAnswers, etcdNow, gatherEtcd } from './facts'

const snapshotTimeoutMs = 120_000

type SnapshotFacts = EtcdFacts & { path: string }

export const etcdSnapshot = defineOperation({
  name: 'etcd-snapshot',
  on: 'dr-pair',
  role: 'dba',
  title: 'Take a snapshot of etcd',
  verb: 'Snapshot etcd',
  danger: 'routine',
  input: z.strictObject({
    directory: z
      .string()
      .trim()
      .max(500)
      .regex(/^\/[A-Za-z0-9_./-]*$/, 'An absolute path of letters, digits, dots, dashes and underscores.')
      .default('/var/lib/postgresql/etcd-snapshots')
      .meta({
        title: 'Directory',
        description: 'On the host of the member that asks etcd. It is made where it is missing, for the SSH user alone.',
      }),
  }),
  help: [
    'Writes all keys of etcd, as one member holds them, to a file on that member’s host, and compares its checksum. Patroni and its clients notice nothing.',
    'Of a Patroni cluster that is whole nothing in it is irreplaceable but the dynamic configuration and the history of leaders. `etcdctl snapshot restore` makes a new etcd of it.',
  ],
  gather: async (ports, { directory }, context): Promise<SnapshotFacts> => {
    const facts = await gatherEtcd(ports, context)
    const stamp = ports.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
    return { ...facts, path: `${directory.replace(/\/+$/, '')}/${facts.herd.name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}-${stamp}.db` }
  },
  about: aboutCluster,
  firm: ({ cluster, etcd }) => ({ cluster, etcd: etcd?.clusterId ?? null }),
  managed: { harmless: 'It only reads the DCS.' },
  through: 'patroni',
  locks: () => [],
  now: (facts) => [
    ...etcdNow(facts),
    { label: 'File', value: facts.asker === null ? facts.path : `${facts.path} on the host of ${facts.asker.title}` },
  ],
  neverAsksPhrase: true,
})
  .gate('etcd', 'Its etcd answers', etcdAnswers)
  .gate('quorum', 'etcd has a majority', ({ etcd }) =>
    etcd === null || etcd.hasQuorum ? pass : warn('It has none: the snapshot is what this one member holds, which may be behind.'),
  )
  .effect('snapshot', snapshot())
  .build()

function snapshot(): Effect<SnapshotFacts, null, { bytes: number; sha256: string }> {
  return {
    title: 'Write the snapshot',
    preview: ({ path, asker }) => ({
      sentence: `Write ${path} on the host of ${asker?.title ?? 'a member'}, and compare its checksum.`,
      commands: ['POST /v3/maintenance/snapshot'],
    }),
    check: async ({ asker, path }, ports, { signal }) => {
      const there = await ports.etcd.snapshotAt(asker!.place as EtcdPlace, path, { timeoutMs: askTimeoutMs, signal })
      return there === null ? { found: 'ready', before: null } : { found: 'done', output: { ...there } }
    },
    run: async ({ asker, path }, _before, ports, { signal, note }) => {
      const made = await ports.act.etcd.snapshot(asker!.place as EtcdPlace, path, { timeoutMs: snapshotTimeoutMs, signal })
      note('info', `${path}: ${formatBytes(made.bytes)}, SHA-256 ${made.sha256}`)
      return { ...made }
    },
    proof: 'answer',
    timeoutMs: snapshotTimeoutMs + 10_000,
    ending: { final: 'The file stays until somebody deletes it.', harmless: true },
  }
}
