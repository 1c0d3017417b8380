import { z } from 'zod'
import { Fault } from '@/lib/kernel/ground/errors'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import { gatherHerd, type HerdFacts, probeTimeoutMs } from '../facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd, standbysFirst } from '../facts/instance-head'
import { clientsWarned, lossOf, standbysWarned, transactionsWarned } from '../gates/impact'
import { acceptsConnections, seenRow } from '../gates/seen'
import { isSame } from '../steps/postgres/restart'
import { gatherOwnPatroni, type OwnPatroni, ownPatroniAnswers, patroniNow } from './reload'

type RestartFacts = HerdFacts & OwnPatroni

type Before = { startedAt: string | null; pid: number | null }

/** Patroni answers when the server runs again: a long shutdown checkpoint is part of it. */
const askTimeoutMs = 600_000

export const patroniRestart = defineOperation({
  name: 'patroni-restart',
  on: 'instance',
  role: 'operator',
  title: 'Restart through Patroni',
  verb: 'Restart through Patroni',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Asks Patroni to restart the server of one member (POST /restart), and proves it by a newer postmaster. Patroni keeps the leader key meanwhile, so nothing fails over. Settings pending a restart take effect.',
    'In a bulk run the replicas of a cluster go first and its leader last.',
    'The REST API is asked on the member’s own host, with the login and certificates of Patroni’s own configuration there: none of them reaches the console.',
  ],
  gather: async (ports, _input, context): Promise<RestartFacts> => {
    const facts = await gatherHerd(ports, context)
    return { ...facts, ...(await gatherOwnPatroni(ports, facts.instance, context)) }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), cluster: facts.patroni?.cluster ?? null, member: facts.patroni?.member ?? null }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  interrupts: interruptsIt,
  locks: lockHerd,
  now: (facts) => [...herdNow(facts), patroniNow(facts)],
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it restarts', isBack: true }),
  order: standbysFirst,
  offered: (row) => (row.manager === 'none' ? refuse('No Patroni looks after it: use Restart.') : acceptsConnections(seenRow(row))),
  asksPhrase: () => false,
})
  .gate('running', 'Accepts connections', ({ probe }) => acceptsConnections(probe))
  .gate('patroni', 'Its Patroni answers', ownPatroniAnswers('Restart'))
  .gate('pending', 'Settings pending a restart', ({ probe }) =>
    probe.pendingRestart.length === 0 ? pass : passBecause(`They take effect: ${probe.pendingRestart.join(', ')}.`),
  )
  .gate('primary', 'The herd accepts writes throughout', ({ probe }) =>
    probe.role === 'primary' ? warn('It leads: the herd takes no writes while it restarts, and Patroni does not fail over.') : pass,
  )
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'they are cut'))
  .gate('transactions', 'No open transactions', (facts) => transactionsWarned(facts, 'they are rolled back'))
  .gate('standbys', 'No standby streams from this instance', (facts) => standbysWarned(facts, 'while it restarts'))
  .effect('restart', restartMember())
  .build()

function restartMember(): Effect<RestartFacts, Before, { startedAt: string | null; pendingRestart: string[] }> {
  return {
    title: 'Restart PostgreSQL',
    preview: ({ instance }) => ({
      sentence: `Ask Patroni to restart ${instance.title}, and prove it by a newer postmaster.`,
      commands: ['POST /restart {}'],
    }),
    check: async ({ instance }, ports, { signal, intended }) => {
      const probe = await ports.postgres.probe(instance.address, { timeoutMs: probeTimeoutMs, signal })
      if (probe.state === 'online') {
        if (intended === null || isSame(probe, intended.before))
          return { found: 'ready', before: { startedAt: probe.postmasterStartedAt, pid: probe.postmasterPid } }
        return { found: 'done', output: { startedAt: probe.postmasterStartedAt, pendingRestart: probe.pendingRestart } }
      }
      const because = `it is ${probe.state}${probe.because === null ? '' : `: ${probe.because}`}`
      // Patroni starts it again, whatever becomes of us.
      return { found: 'blocked', because, ...(intended === null ? {} : { isPassing: true as const }) }
    },
    run: async ({ instance }, _before, ports, { signal, note }) => {
      note('command', 'POST /restart {}')
      const { dataDirectory, host } = instance.address
      const request = { dataDirectory, method: 'POST', path: '/restart', body: {} } as const
      const { status, text } = await ports.act.hosts.askPatroni(host, request, { timeoutMs: askTimeoutMs, signal })
      note(status === 200 ? 'info' : 'warning', `Patroni: ${status} ${text}`)
      if (status === 200) return
      throw new Fault('shell.failed', { because: `Patroni answered ${status}: ${text}`, ...(status < 500 ? { isOver: true } : {}) })
    },
    timeoutMs: askTimeoutMs + 30_000,
    ending: { final: 'Patroni starts the server again whatever happens to this job. Its connections do not come back.' },
  }
}
