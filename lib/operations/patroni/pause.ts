import { z } from 'zod'
import { pauseKey } from '@/lib/domain/managers/patroni-config'
import { counted } from '@/lib/domain/values/counted'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { newWorkKey } from '../steps/host-work'
import { aboutCluster, type ClusterFacts, clusterNow, gatherCluster, mustBeTaken, oneCluster, readConfig, tellCluster } from './cluster'
import { viewOf } from './facts'

type PauseFacts = ClusterFacts & { minutes: number; key: string }

const timerTimeoutMs = 20_000
/** A member hears of it at its next loop at the latest: loop_wait is rarely more than half a minute. */
const heardTimeoutMs = 120_000
const lookEveryMs = 500

const pauseBody = ({ key }: Pick<PauseFacts, 'key'>) => ({ pause: true, [pauseKey]: key })
const resumeBody = { pause: null, [pauseKey]: null }

export const patroniPause = defineOperation({
  name: 'patroni-pause',
  on: 'dr-pair',
  role: 'dba',
  title: 'Pause Patroni',
  verb: 'Pause Patroni',
  danger: 'routine',
  input: z.strictObject({
    minutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .default(30)
      .meta({ title: 'Ends after (minutes)', description: 'The members’ own hosts end it then, whatever becomes of the console.' }),
  }),
  help: [
    'Maintenance mode: Patroni goes on, and starts, stops and promotes nothing by itself. There is no automatic failover until it ends. PostgreSQL and its clients notice nothing.',
    'A timer on every member’s host is set first, and ends the pause when its time is up, though worker and console be gone; it goes by the host’s uptime. It ends this pause only, not one that somebody else began.',
    'Resume Patroni ends it sooner.',
  ],
  gather: async (ports, { minutes }, context): Promise<PauseFacts> => ({
    ...(await gatherCluster(ports, context)),
    minutes,
    key: newWorkKey('patroni-pause', context.targetId, ports.now()),
  }),
  about: aboutCluster,
  firm: ({ cluster, paused, minutes }) => ({ cluster, isPaused: paused.length > 0, minutes }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: clusterNow,
})
  .gate('patroni', 'One Patroni cluster that answers', oneCluster)
  .gate('paused', 'Patroni is not paused', ({ paused }) =>
    paused.length === 0 ? pass : refuse(`It is paused already, say ${paused.join(', ')}: use Resume Patroni, then pause it again.`),
  )
  .gate('hosts', 'A timer on every member’s host', ({ why, silent, places }) => {
    if (why !== null) return pass
    return silent.length === 0
      ? passBecause(`${counted(places.length, 'host')} can end it.`)
      : warn(`The Patroni of ${silent.join(', ')} does not answer: no timer is left there, and it is not waited for.`)
  })
  .gate('failover', 'Automatic failover', ({ minutes }) =>
    warn(`There is none for ${counted(minutes, 'minute')}, or until somebody resumes it.`),
  )
  .effect('timers', setTimers())
  .effect('pause', pauseCluster())
  .build()

/** Every host that has one is enough to end it. */
function setTimers(): Effect<PauseFacts, null, null> {
  const stateAt = async ({ key }: PauseFacts, place: PauseFacts['places'][number], ports: ReadPorts, signal: AbortSignal) =>
    (await ports.work.look(place.address.host, key, { timeoutMs: timerTimeoutMs, signal })).state
  return {
    title: 'Set timers',
    preview: ({ places, minutes }) => ({
      sentence: `Leave a timer on the host of ${places.map(({ title }) => title).join(', ')} that ends this pause after ${counted(minutes, 'minute')}.`,
      commands: [],
    }),
    check: async (facts, ports, { signal, intended }) => {
      const states = await Promise.all(facts.places.map((place) => stateAt(facts, place, ports, signal)))
      if (states.every((state) => state === 'running')) return { found: 'done', output: null }
      const set = facts.places.filter((_place, index) => states[index] !== 'absent').map(({ title }) => title)
      return { found: 'ready', before: null, ...(intended === null || set.length === 0 ? {} : { partly: `a timer at ${set.join(', ')}` }) }
    },
    run: async (facts, _before, ports, { signal }) => {
      for (const place of facts.places) {
        if ((await stateAt(facts, place, ports.read, signal)) !== 'absent') continue
        const argv = await ports.read.hosts.endPauseCommand(place.address.dataDirectory, facts.key, facts.minutes * 60)
        await ports.act.work.launch(place.address.host, facts.key, argv, { timeoutMs: timerTimeoutMs, signal })
      }
    },
    timeoutMs: 90_000,
    ending: {
      undo: async ({ places, key }, _before, _output, ports, { signal }) => {
        for (const { address } of places) {
          await ports.act.work.end(address.host, key, { timeoutMs: timerTimeoutMs, signal })
          await ports.act.work.forget(address.host, key, { timeoutMs: timerTimeoutMs, signal })
        }
      },
      sentence: 'The timers are ended and removed.',
    },
  }
}

function pauseCluster(): Effect<PauseFacts, null, null> {
  return {
    title: 'Pause',
    preview: (facts) => ({
      sentence: `Turn maintenance mode on, and wait until ${facts.places.map(({ title }) => title).join(', ')} say so.`,
      commands: ['PATCH /config {"pause": true}'],
    }),
    check: async (facts, ports, { signal }) =>
      (await isOurs(facts, ports, signal)) && (await allSay(true, facts, ports, signal))
        ? { found: 'done', output: null }
        : { found: 'ready', before: null },
    run: async (facts, _before, ports, context) => {
      const config = await readConfig(facts.places, ports.read, context.signal)
      if (!config.includes(`"${facts.key}"`)) {
        const request = { method: 'PATCH', path: '/config', body: pauseBody(facts), whileConfigIs: config } as const
        mustBeTaken(await tellCluster(facts, request, ports, context))
      }
      await untilAllSay(true, facts, ports.read, context)
    },
    timeoutMs: heardTimeoutMs,
    ending: {
      undo: async (facts, _before, _output, ports, context) => {
        if (await isOurs(facts, ports.read, context.signal)) await resume(facts, ports, context)
      },
      sentence: 'The pause is ended.',
    },
  }
}

async function isOurs({ places, key }: PauseFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> {
  return (await readConfig(places, ports, signal)).includes(`"${key}"`)
}

async function allSay(isPaused: boolean, { places }: ClusterFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> {
  const { pauses } = await viewOf(ports, places, signal)
  // Silence is not a word of it.
  return places.every(({ id }) => pauses.get(id) === isPaused)
}

async function untilAllSay(
  isPaused: boolean,
  facts: ClusterFacts,
  ports: ReadPorts,
  { signal, pause }: { signal: AbortSignal; pause: (ms: number) => Promise<void> },
): Promise<void> {
  while (!(await allSay(isPaused, facts, ports, signal))) {
    signal.throwIfAborted()
    await pause(lookEveryMs)
  }
}

async function resume(facts: ClusterFacts, ports: ActPorts, context: Parameters<typeof tellCluster>[3]): Promise<void> {
  mustBeTaken(await tellCluster(facts, { method: 'PATCH', path: '/config', body: resumeBody }, ports, context))
}

export const patroniResume = defineOperation({
  name: 'patroni-resume',
  on: 'dr-pair',
  role: 'operator',
  title: 'Resume Patroni',
  verb: 'Resume Patroni',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Ends maintenance mode, whoever began it, and waits until every member says so. Automatic failover is back then.',
    'A server that runs as a primary without the leader key is demoted by its Patroni at once, and a herd without a leader elects one.',
  ],
  gather: (ports, _input, context) => gatherCluster(ports, context),
  about: aboutCluster,
  firm: ({ cluster, paused }) => ({ cluster, isPaused: paused.length > 0 }),
  managed: { harmless: 'It goes through Patroni.' },
  through: 'patroni',
  locks: ({ herd }) => [`herd:${herd.id}`],
  now: clusterNow,
  neverAsksPhrase: true,
})
  .gate('patroni', 'One Patroni cluster that answers', oneCluster)
  .gate('paused', 'Patroni is paused', ({ why, paused }) => (paused.length > 0 || why !== null ? pass : refuse('It is not paused.')))
  .gate('silent', 'Every member’s Patroni answers', ({ silent, why }) =>
    silent.length === 0 || why !== null ? pass : warn(`The Patroni of ${silent.join(', ')} does not answer, and is not waited for.`),
  )
  .effect('resume', resumeCluster())
  .build()

function resumeCluster(): Effect<ClusterFacts, null, null> {
  return {
    title: 'Resume',
    preview: ({ places }) => ({
      sentence: `Turn maintenance mode off, and wait until ${places.map(({ title }) => title).join(', ')} say so.`,
      commands: ['PATCH /config {"pause": null}'],
    }),
    check: async (facts, ports, { signal }) =>
      (await allSay(false, facts, ports, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null },
    run: async (facts, _before, ports, context) => {
      await resume(facts, ports, context)
      await untilAllSay(false, facts, ports.read, context)
    },
    timeoutMs: heardTimeoutMs,
    ending: { final: 'Automatic failover is back: pause it again to end that.', harmless: true },
  }
}
