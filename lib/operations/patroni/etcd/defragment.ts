import { z } from 'zod'
import type { EtcdMemberState, EtcdSeen } from '@/lib/domain/managers/etcd'
import { formatBytes } from '@/lib/domain/values/bytes'
import { Fault } from '@/lib/kernel/ground/errors'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { EtcdPlace, ReadPorts } from '@/lib/ports'
import { aboutCluster } from '../cluster'
import { askTimeoutMs, downIn, type EtcdFacts, etcdAnswers, etcdNow, gatherEtcd, hasQuorum, nameOf } from './facts'

const defragmentTimeoutMs = 120_000
/** Less is not worth a stop. Patroni’s own writes leave some pages free within seconds. */
const leftoverBytes = 256 * 1024
const settleMs = 500
const settleTimes = 40
/** A member that was not asked itself forgets old revisions, and says so, a moment after the one that was. */
const looseTimes = 10

export const etcdDefragment = defineOperation({
  name: 'etcd-defragment',
  on: 'dr-pair',
  role: 'dba',
  title: 'Compact and defragment etcd',
  verb: 'Defragment etcd',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Forgets old revisions of the keys (compaction), then has each member give the freed space of its file back: followers first, the leader last, one at a time. etcd does neither by itself unless it is told to, and stops taking writes when its file reaches the quota (2 GiB unless set).',
    'A member answers nobody while it defragments, so the next one is begun only when all answer again. Every other Patroni cluster on this etcd is affected alike.',
  ],
  gather: (ports, _input, context) => gatherEtcd(ports, context),
  about: aboutCluster,
  firm: ({ cluster, etcd }) => ({ cluster, etcd: etcd?.clusterId ?? null, members: etcd?.members.map(({ id }) => id) ?? [] }),
  managed: { harmless: 'It touches the DCS alone, and Patroni keeps the leader key meanwhile.' },
  through: 'patroni',
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: etcdNow,
})
  .gate('etcd', 'Its etcd answers', etcdAnswers)
  .gate('quorum', 'etcd has a majority', hasQuorum)
  .gate('members', 'Every member of etcd answers', ({ etcd }) => {
    const down = downIn(etcd)
    return down.length === 0 ? pass : refuse(`${down.join(', ')} does not answer: with one more that is busy the majority may be lost.`)
  })
  .gate('leader', 'The leader key is held meanwhile', ({ etcd }) =>
    etcd !== null && etcd.members.length < 3
      ? warn(
          'etcd has fewer than three members: it answers nobody while one of them defragments. Patroni waits for retry_timeout, then demotes its leader.',
        )
      : pass,
  )
  .gate('worth', 'There is space to free', ({ etcd }) => {
    if (etcd === null) return pass
    const total = etcd.members.reduce((sum, { databaseBytes }) => sum + (databaseBytes ?? 0), 0)
    return passBecause(`Its members hold ${formatBytes(total)} together.`)
  })
  .effect('compact', compact())
  .effect('defragment', defragment())
  .build()

const lookNow = (facts: EtcdFacts, ports: ReadPorts, signal: AbortSignal): Promise<EtcdSeen> =>
  ports.etcd.look(facts.asker!.place as EtcdPlace, { timeoutMs: askTimeoutMs, signal })

function compact(): Effect<EtcdFacts, { revision: number }, null> {
  return {
    title: 'Compact',
    preview: () => ({ sentence: 'Forget every revision of a key but its last.', commands: ['POST /v3/kv/compaction {"physical": true}'] }),
    check: async (facts, ports, { signal }) => {
      const { members } = await lookNow(facts, ports, signal)
      return { found: 'ready', before: { revision: Math.max(1, ...members.map(({ revision }) => revision ?? 1)) } }
    },
    run: async ({ asker }, { revision }, ports, { signal, note }) => {
      note('info', `Compacting to revision ${revision}.`)
      await ports.act.etcd.compact(asker!.place as EtcdPlace, revision, { timeoutMs: defragmentTimeoutMs, signal })
    },
    proof: 'answer',
    timeoutMs: defragmentTimeoutMs,
    ending: { final: 'Revisions that were forgotten are gone; the keys are as they were.', harmless: true },
  }
}

/** Followers first. */
const inOrder = (members: readonly EtcdMemberState[]): EtcdMemberState[] =>
  members.toSorted((a, b) => Number(a.isLeader) - Number(b.isLeader))
const isLoose = ({ databaseBytes, usedBytes }: EtcdMemberState): boolean =>
  databaseBytes === null || usedBytes === null || databaseBytes - usedBytes > leftoverBytes

/** Bytes of the file of each member, by its id, as it was found. */
type Sizes = Record<string, number>
const sizesOf = (members: readonly EtcdMemberState[]): Sizes =>
  Object.fromEntries(members.map(({ id, databaseBytes }) => [id, databaseBytes ?? 0]))
/** It has space to free, and its file is as large as it was found. What was written since it shrank does not count: etcd is in use meanwhile. */
const isToShrink = (member: EtcdMemberState, found: Sizes): boolean =>
  isLoose(member) && found[member.id] !== undefined && (member.databaseBytes === null || member.databaseBytes >= found[member.id]!)

function defragment(): Effect<EtcdFacts, Sizes, null> {
  return {
    title: 'Defragment members, one at a time',
    preview: ({ etcd }) => ({
      sentence: `Have ${inOrder((etcd?.members ?? []) as EtcdMemberState[])
        .map(nameOf)
        .join(', then ')} give unused space back, each once all answer.`,
      commands: ['POST /v3/maintenance/defragment'],
    }),
    check: async (facts, ports, { signal, intended }) => {
      const { members } = await lookNow(facts, ports, signal)
      if (intended === null) return { found: 'ready', before: sizesOf(members) }
      const left = members.filter((one) => isToShrink(one, intended.before)).map(nameOf)
      if (left.length === 0) return { found: 'done', output: null }
      return { found: 'ready', before: intended.before, partly: `${left.join(', ')} is still to be defragmented` }
    },
    run: async (facts, found, ports, { signal, note, pause }) => {
      const place = facts.asker!.place as EtcdPlace
      /** Every member answers, or it is over: two that are busy are a lost majority. */
      const whole = async (): Promise<EtcdSeen> => {
        let down: string[] = []
        for (let time = 0; time < settleTimes; time++) {
          const seen = await lookNow(facts, ports.read, signal)
          down = downIn(seen as never)
          if (down.length === 0 && seen.hasQuorum) return seen
          await pause(settleMs)
        }
        throw new Fault('shell.failed', {
          because: `${down.join(', ') || 'A majority'} does not answer: no further member was touched.`,
          isOver: true,
        })
      }
      /** As it is once it has space to free; undefined: it has none, or is gone. */
      const loose = async (id: string): Promise<EtcdMemberState | undefined> => {
        for (let time = 0; time < looseTimes; time++) {
          const one = (await whole()).members.find((member) => member.id === id)
          if (one === undefined || isToShrink(one, found)) return one
          if (one.databaseBytes !== null && one.databaseBytes < (found[id] ?? 0)) return undefined
          await pause(settleMs)
        }
        return undefined
      }
      for (const { id } of inOrder((await whole()).members)) {
        const before = await loose(id)
        if (before === undefined) continue
        await ports.act.etcd.defragment(place, id, { timeoutMs: defragmentTimeoutMs, signal })
        const after = (await whole()).members.find((one) => one.id === id)
        note('info', `${nameOf(before)}: ${formatBytes(before.databaseBytes ?? 0)} → ${formatBytes(after?.databaseBytes ?? 0)}`)
      }
    },
    timeoutMs: defragmentTimeoutMs * 8,
    ending: { final: 'Space that was given back stays so.', harmless: true },
  }
}
