import { z } from 'zod'
import type { FoundManager } from '@/lib/domain/managers/manager'
import { managedByOf, managersOf } from '@/lib/domain/managers/manager'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect, GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import type { InventoryInstance, ReadPorts } from '@/lib/ports'
import { gatherInstance, type InstanceFacts, type Plain } from '../facts/instance'
import { aboutInstance, firmInstance, instanceNow } from '../facts/instance-head'
import { orNull } from '../facts/or-null'
import { wasSeen } from '../gates/seen'
import { mustBeTaken } from './cluster'

/** Its Patroni without what it tells of others; null: none runs there, or it could not be told. */
export type OwnPatroni = { patroni: Plain<FoundManager> | null; isPatroniKnown: boolean }

const lookTimeoutMs = 10_000
const askTimeoutMs = 30_000

export const gatherOwnPatroni = async (
  ports: ReadPorts,
  { address }: Pick<InventoryInstance, 'address'>,
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<OwnPatroni> => {
  const { host, dataDirectory } = address
  const seen = await orNull(ports.hosts.managers(host, [dataDirectory], { timeoutMs: lookTimeoutMs, signal }), signal)
  const found = seen === null ? undefined : managersOf(seen, dataDirectory).find((one) => one.kind === 'patroni' && one.state === 'running')
  return {
    isPatroniKnown: managedByOf(seen, dataDirectory) !== 'unknown',
    // Whom it led long ago is nothing to act by.
    patroni: found === undefined ? null : ({ ...found, history: [] } as unknown as Plain<FoundManager>),
  }
}

/** `instead`: what does it where no Patroni looks after it. */
export const ownPatroniAnswers =
  (instead: string) =>
  ({ patroni, isPatroniKnown }: OwnPatroni): Verdict => {
    if (patroni === null && !isPatroniKnown) return refuse('Whether Patroni looks after it is not known: its host does not say.')
    if (patroni === null) return refuse(`No running Patroni looks after it: use ${instead}.`)
    if (patroni.isPaused === null) return refuse('Its Patroni does not answer on its REST API.')
    return pass
  }

export const patroniNow = ({ patroni }: OwnPatroni) => ({
  label: 'Patroni',
  value: patroni === null ? 'not found' : `cluster ${patroni.cluster}, member ${patroni.member}`,
})

type ReloadFacts = InstanceFacts & OwnPatroni

export const patroniReload = defineOperation({
  name: 'patroni-reload',
  on: 'instance',
  role: 'operator',
  title: 'Reload through Patroni',
  verb: 'Reload through Patroni',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Asks Patroni to read its own file again (POST /reload), to write PostgreSQL’s configuration from it and the DCS, and to reload the server. No client notices.',
    'Patroni answers that it will; what it makes of the file stands in its log. A setting that needs a restart is shown as pending afterwards.',
  ],
  gather: async (ports, _input, context): Promise<ReloadFacts> => {
    const facts = await gatherInstance(ports, context)
    return { ...facts, ...(await gatherOwnPatroni(ports, facts.instance, context)) }
  },
  about: aboutInstance,
  firm: (facts) => ({ ...firmInstance(facts), cluster: facts.patroni?.cluster ?? null, member: facts.patroni?.member ?? null }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  locks: () => [],
  now: (facts) => [...instanceNow(facts), patroniNow(facts)],
  offered: (row) => (row.manager === 'none' ? refuse('No Patroni looks after it: use Reload.') : wasSeen(seenState(row))),
  neverAsksPhrase: true,
})
  .gate('seen', 'It was seen', ({ probe }) => wasSeen(probe))
  .gate('patroni', 'Its Patroni answers', ownPatroniAnswers('Reload'))
  .effect('reload', reloadMember())
  .build()

function seenState(row: Record<string, unknown>): Parameters<typeof wasSeen>[0] {
  const state = (row.state as Parameters<typeof wasSeen>[0]['state'] | undefined) ?? 'unknown'
  return { state, because: typeof row.because === 'string' && row.because !== '' ? row.because : null }
}

function reloadMember(): Effect<ReloadFacts, null, { answer: string }> {
  return {
    title: 'Reload the configuration',
    preview: ({ instance }) => ({
      sentence: `Ask the Patroni of ${instance.title} to read its file again and to reload the server.`,
      commands: ['POST /reload {}'],
    }),
    check: async () => ({ found: 'ready', before: null }),
    run: async ({ instance }, _before, ports, { signal, note }) => {
      note('command', 'POST /reload {}')
      const { dataDirectory, host } = instance.address
      const request = { dataDirectory, method: 'POST', path: '/reload', body: {} } as const
      const answer = await ports.act.hosts.askPatroni(host, request, { timeoutMs: askTimeoutMs, signal })
      mustBeTaken(answer)
      note('info', `Patroni: ${answer.status} ${answer.text}`)
      return { answer: answer.text }
    },
    proof: 'answer',
    timeoutMs: askTimeoutMs + 10_000,
    ending: { final: 'What was read stays until the file is changed and reloaded.', harmless: true },
  }
}
