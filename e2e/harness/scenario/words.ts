import { z } from 'zod'

/** The whole vocabulary of a scenario file. A step is one verb with its own words beside it; README, “Scenarios”, says the same for people. */

const msOf = { ms: 1, s: 1000, min: 60_000 } as const
/** `250 ms`, `5 s`, `2 min`; in milliseconds afterwards. */
const duration = z
  .string({ error: 'write a time as 250 ms, 5 s or 2 min' })
  .regex(/^\d+(\.\d+)? (ms|s|min)$/, 'write a time as 250 ms, 5 s or 2 min')
  .transform((text) => {
    const [count, unit] = text.split(' ') as [string, keyof typeof msOf]
    return Number(count) * msOf[unit]
  })
const word = z.string({ error: 'one word or text is needed here' }).min(1, 'a word is missing')
/** One or several, `[a, b]`. */
const words = z
  .union([word, z.array(word)], { error: 'write one name, or several as [a, b]' })
  .transform((one) => (Array.isArray(one) ? one : [one]))
const count = z.int({ error: 'a whole number is needed' }).min(0, 'a whole number is needed')
const herdTitle = word.regex(/^[a-z][a-z0-9_]{0,20}$/, 'a herd is named in small letters, digits and _')

const pooler = z.union(
  [
    word.transform((herd) => ({ herd, mode: undefined, managed: true })),
    z.strictObject({ herd: word, mode: z.enum(['session', 'transaction']).optional(), managed: z.boolean().default(true) }),
  ],
  { error: 'write the herd it stands in front of, or {herd: …, mode: session}' },
)
const herd = z.union(
  [word.transform((members) => ({ members, synchronous: '' })), z.strictObject({ members: word, synchronous: z.string().default('') })],
  { error: 'write the members as a > b, c, or {members: …, synchronous: …}' },
)

export const fleetWords = z.strictObject({
  /** By name: `shop: a > b, c` is primary a with standbys b and c; `a > b > c` lets c follow b. */
  herds: z.record(herdTitle, herd, { error: 'at least one herd is needed, as shop: a > b' }),
  /** By host. The console writes its file (`managed`), unless the line says otherwise. */
  poolers: z.record(word, pooler).default({}),
  queue: z.enum(['postgresql', 'redis'], { error: 'the queue is postgresql or redis' }).default('postgresql'),
})

const expectation = z.strictObject({
  /** How long it may take until all of it holds. */
  within: duration.default(60_000),
  /** Which order is meant; the last one where it is left out. */
  order: word.optional(),
  herd: word.optional(),

  job: z.enum(['waiting', 'running', 'attention', 'done', 'undone', 'failed', 'refused', 'cancelled', 'skipped']).optional(),
  /** Said anywhere in the plan, the journal or the reason of the order. */
  says: words.optional(),
  certificate: z.enum(['proven', 'not-provable', 'lost']).optional(),

  /** The only member that takes writes. */
  primary: word.optional(),
  streams: words.optional(),
  /** Takes no writes: a standby, or not running. */
  'read-only': words.optional(),

  'poolers lead to': word.optional(),
  /** Hosts whose pooler holds clients back; `[]` for none. */
  'poolers paused': z.array(word).optional(),

  /** These three end the load and ask the primary what became of each row. */
  'longest wait below': duration.optional(),
  errors: count.optional(),
  lost: count.optional(),
  /** Writers get answers now. */
  writes: z.literal('go on', { error: 'writes can only be expected to go on' }).optional(),
  transaction: z.enum(['open', 'broken']).optional(),
  /** Said on the front page. */
  alarm: word.optional(),
})

const named = { name: z.string().optional() }

/** By verb: the step's own words, the verb's among them. */
export const stepWords = {
  /** So many writers, with a ledger of what was acknowledged. */
  load: z.strictObject({ ...named, load: count.min(1), herd: word.optional(), through: words.default(['members']) }),
  /** Begins a transaction under this application name, writes in it and leaves it open. */
  'open transaction': z.strictObject({ ...named, 'open transaction': word, herd: word.optional(), through: word.optional() }),
  /** Plans an operation and submits it as a person would; does not wait for its end. */
  order: z.strictObject({
    ...named,
    order: word,
    on: word.optional(),
    input: z.record(z.string(), z.json()).default({}),
    as: word.optional(),
    /** Puts it off by so much. */
    later: duration.optional(),
    /** The worker is held there until it is released, killed or thawed: right before it begins this step, right after its deed, or where no way leads back. */
    'hold before': word.optional(),
    'hold after': word.optional(),
    'hold at': z
      .literal('point of no return', { error: 'a worker can be held at the point of no return, or before or after a step' })
      .optional(),
  }),
  /** Lets a held worker go on with the order of this name. */
  release: z.strictObject({ ...named, release: word }),
  /** A person’s answer where a job needs attention. */
  decide: z.strictObject({ ...named, decide: z.enum(['go-on', 'give-up']), about: word.optional() }),
  /** kill -9: `worker`, `redis`, or what matches on a host. */
  kill: z.strictObject({ ...named, kill: word, on: word.optional() }),
  /** Stops it in the middle of whatever it does: `worker`, what matches on a host, or `everything` on it. */
  freeze: z.strictObject({ ...named, freeze: word, on: word.optional() }),
  thaw: z.strictObject({ ...named, thaw: word, on: word.optional() }),
  start: z.strictObject({ ...named, start: z.enum(['worker', 'redis'], { error: 'only a worker or redis is started' }) }),
  /** One: its cable. Two: all packets between them; `console` may be one. */
  cut: z.strictObject({ ...named, cut: words.refine((all) => all.length < 3, 'cut one host, or two from each other') }),
  /** Every cut, or those of one host. */
  heal: z.strictObject({ ...named, heal: word }),
  'power off': z.strictObject({ ...named, 'power off': word }),
  'power on': z.strictObject({ ...named, 'power on': word }),
  /** As postgres on the host itself. */
  sql: z.strictObject({ ...named, sql: word, on: word, in: word.default('postgres'), herd: word.optional() }),
  expect: z.strictObject({ ...named, expect: expectation }),
} as const

export type Verb = keyof typeof stepWords
export const verbs = Object.keys(stepWords) as Verb[]
export type Expectation = z.infer<typeof expectation>
export type StepOf<V extends Verb> = z.infer<(typeof stepWords)[V]>
export type Step = { [V in Verb]: { verb: V; line: number; words: StepOf<V> } }[Verb]
export type ScenarioFleet = z.infer<typeof fleetWords>

export const scenarioWords = z.strictObject({
  name: word,
  /** Runs with the tests of every change. */
  ci: z.boolean({ error: 'ci is true or false' }).default(false),
  /** The acceptance case it proves. */
  case: z.int().optional(),
  /** Why it matters, for whoever reads the file. */
  about: z.string().default(''),
  fleet: fleetWords,
  steps: z.array(z.record(z.string(), z.unknown(), { error: 'a step is a verb with its words, as “order: switchover”' })).min(1, 'no step'),
})

export interface Scenario {
  file: string
  name: string
  ci: boolean
  case?: number
  about: string
  fleet: ScenarioFleet
  steps: Step[]
}
