import { z } from 'zod'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { EtcdPlace } from '@/lib/ports'
import { aboutCluster } from '../cluster'
import { askTimeoutMs, type EtcdFacts, etcdAnswers, etcdNow, gatherEtcd, hasQuorum } from './facts'

export const etcdDisarm = defineOperation({
  name: 'etcd-disarm',
  on: 'dr-pair',
  role: 'dba',
  title: 'Disarm etcd alarms',
  verb: 'Disarm etcd alarms',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Ends the alarms of etcd, so that it takes writes again: with NOSPACE it refuses every write, Patroni cannot renew the leader key, and its leader demotes itself.',
    'Free space first (Defragment etcd). An alarm whose cause is still there comes back.',
  ],
  gather: (ports, _input, context) => gatherEtcd(ports, context),
  about: aboutCluster,
  firm: ({ cluster, etcd }) => ({ cluster, etcd: etcd?.clusterId ?? null, alarms: etcd?.alarms.map((one) => ({ ...one })) ?? [] }),
  managed: { harmless: 'It touches the DCS alone.' },
  through: 'patroni',
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: etcdNow,
  neverAsksPhrase: true,
})
  .gate('etcd', 'Its etcd answers', etcdAnswers)
  .gate('quorum', 'etcd has a majority', hasQuorum)
  .gate('alarms', 'It has an alarm', ({ etcd }) => {
    if (etcd === null) return pass
    return etcd.alarms.length === 0 ? refuse('It has none.') : passBecause(etcd.alarms.map(({ alarm }) => alarm).join(', '))
  })
  .gate('corrupt', 'No member is corrupt', ({ etcd }) =>
    etcd?.alarms.some(({ alarm }) => alarm === 'CORRUPT')
      ? warn('CORRUPT: the members do not hold the same data. Replace that member; ending the alarm only hides it.')
      : pass,
  )
  .effect('disarm', disarm())
  .build()

function disarm(): Effect<EtcdFacts, null, null> {
  return {
    title: 'Disarm',
    preview: ({ etcd }) => ({
      sentence: `End ${(etcd?.alarms ?? []).map(({ alarm }) => alarm).join(', ')}.`,
      commands: ['POST /v3/maintenance/alarm {"action": "DEACTIVATE"}'],
    }),
    check: async ({ asker }, ports, { signal }) => {
      const { alarms } = await ports.etcd.look(asker!.place as EtcdPlace, { timeoutMs: askTimeoutMs, signal })
      return alarms.length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null }
    },
    run: async ({ asker, etcd }, _before, ports, { signal, note }) => {
      for (const { memberId, alarm } of etcd!.alarms) {
        note('command', `DEACTIVATE ${alarm}`)
        await ports.act.etcd.disarm(asker!.place as EtcdPlace, { memberId, alarm }, { timeoutMs: askTimeoutMs, signal })
      }
    },
    timeoutMs: 60_000,
    ending: { final: 'etcd takes writes again.', harmless: true },
  }
}
