import { z } from 'zod'
import { Fault } from '@/lib/kernel/ground/errors'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse, warn } from '@/lib/kernel/operation/verdict'
import { gatherHerd, type HerdFacts, probeTimeoutMs } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd, standbysFirst } from '../facts/instance-head'
import { clientsWarned, lossOf, standbysWarned } from '../gates/impact'
import { wasSeen } from '../gates/seen'
import { isSame } from '../steps/postgres/restart'
import { leads } from './facts'
import { gatherOwnPatroni, type OwnPatroni, ownPatroniAnswers, patroniNow } from './reload'

type ReinitFacts = HerdFacts & OwnPatroni
type Before = { startedAt: string | null; pid: number | null }

const askTimeoutMs = 60_000
/** Hours of copying at the speed of a slow network. */
const copyTimeoutMs = 12 * 3_600_000
const lookEveryMs = 2_000

export const patroniReinitialize = defineOperation({
  name: 'patroni-reinit',
  on: 'instance',
  role: 'dba',
  title: 'Reinitialise through Patroni',
  verb: 'Reinitialise through Patroni',
  danger: 'destructive',
  input: z.strictObject({}),
  help: [
    'Asks Patroni to remove the data directory of a replica and to copy the leader anew (POST /reinitialize), and waits until it runs again as a standby. For a replica whose timeline has parted, or that nothing else brings back.',
    'Patroni removes the directory before it copies: the replica is gone until the copy is whole, and the herd has one standby less so long. The leader is refused.',
  ],
  gather: async (ports, _input, context): Promise<ReinitFacts> => {
    const facts = await gatherHerd(ports, context)
    return { ...facts, ...(await gatherOwnPatroni(ports, facts.instance, context)) }
  },
  about: aboutInstance,
  // The present state of the replica's server is why it is copied again.
  firm: (facts) => ({
    address: firmInstance(facts).address,
    role: facts.probe.role,
    cluster: facts.patroni?.cluster ?? null,
    member: facts.patroni?.member ?? null,
    leader: leaderOf(facts),
  }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  interrupts: interruptsIt,
  locks: lockHerd,
  now: (facts) => [...herdNow(facts), patroniNow(facts), { label: 'Copied from', value: leaderOf(facts) ?? 'not known' }],
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it is copied', isBack: true }),
  order: standbysFirst,
  offered: (row) => {
    if (row.manager === 'none') return refuse('No Patroni looks after it: use Rebuild.')
    if (row.state === undefined || ['refused', 'unreachable', 'unknown', 'absent'].includes(String(row.state)))
      return refuse('An instance that cannot be seen is not touched.')
    return row.role === 'primary' && row.state === 'online' ? refuse('It is the primary.') : pass
  },
})
  // A directory that is gone is what it is for.
  .gate('seen', 'It was seen', ({ probe }) => (probe.state === 'absent' ? pass : wasSeen(probe)))
  .gate('patroni', 'Its Patroni answers', ownPatroniAnswers('Rebuild'))
  .gate('leader', 'Another member leads', otherLeads)
  .gate('redundancy', 'Another standby is left meanwhile', othersLeft)
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut'))
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while it is copied'))
  .effect('reinitialise', reinitialize())
  .build()

function leaderOf({ patroni }: OwnPatroni): string | null {
  return patroni?.members.find(leads)?.name ?? null
}

function otherLeads(facts: ReinitFacts): Verdict {
  const { patroni, probe } = facts
  if (patroni === null) return pass
  const leader = leaderOf(facts)
  if (leader === null) return refuse('Patroni has no leader now: there is nothing to copy.')
  if (leader === patroni.member) return refuse('It is the leader: switch over first.')
  return probe.role === 'primary' && probe.state === 'online'
    ? refuse('Its server takes writes although it does not lead: end that first, and save what it holds.')
    : pass
}

function othersLeft({ others }: ReinitFacts): Verdict {
  return others.some(({ role, state }) => role === 'standby' && state === 'online')
    ? pass
    : warn('No other standby answers: until the copy is whole, nobody could take over from the leader.')
}

function reinitialize(): Effect<ReinitFacts, Before, { startedAt: string | null }> {
  return {
    title: 'Copy the leader anew',
    isLong: true,
    preview: ({ instance, ...own }) => ({
      sentence: `Ask Patroni to remove the data directory of ${instance.title} and to copy ${leaderOf(own)}, and wait until it follows.`,
      commands: ['POST /reinitialize {}'],
    }),
    check: async ({ instance }, ports, { signal, intended }) => {
      const probe = await ports.postgres.probe(instance.address, { timeoutMs: probeTimeoutMs, signal })
      const now = { startedAt: probe.postmasterStartedAt, pid: probe.postmasterPid }
      if (intended === null) return { found: 'ready', before: now }
      if (probe.state === 'online' && probe.role === 'standby' && !isSame(probe, intended.before))
        return { found: 'done', output: { startedAt: now.startedAt } }
      const { patroni } = await gatherOwnPatroni(ports, instance, { signal })
      if (patroni?.members.find(({ name }) => name === patroni.member)?.state === 'creating replica')
        return { found: 'blocked', because: 'Patroni is copying the leader.', isPassing: true }
      // Asked again while it stops the old server, Patroni says that one is in progress already.
      return { found: 'ready', before: now }
    },
    run: async ({ instance }, before, ports, { signal, note, pause }) => {
      note('command', 'POST /reinitialize {}')
      const { dataDirectory, host } = instance.address
      const request = { dataDirectory, method: 'POST', path: '/reinitialize', body: {} } as const
      const { status, text } = await ports.act.hosts.askPatroni(host, request, { timeoutMs: askTimeoutMs, signal })
      note(status === 200 ? 'info' : 'warning', `Patroni: ${status} ${text}`)
      // One that is under way already is ours, or as good as ours.
      if (status !== 200 && !/already in progress/.test(text))
        throw new Fault('shell.failed', { because: `Patroni answered ${status}: ${text}`, isOver: true })
      for (;;) {
        const probe = await ports.read.postgres.probe(instance.address, { timeoutMs: probeTimeoutMs, signal })
        if (probe.state === 'online' && probe.role === 'standby' && !isSame(probe, before)) return
        signal.throwIfAborted()
        await pause(lookEveryMs)
      }
    },
    timeoutMs: copyTimeoutMs,
    canInterrupt: true,
    ending: { final: 'Patroni has removed the old data directory, and goes on copying whatever happens to this job.' },
  }
}
