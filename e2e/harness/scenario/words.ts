import { z } from 'zod'

/** The whole vocabulary of a scenario file: what is read, what is refused and what `npm run lab -- scenario words` prints. A step is one verb with its own words beside it. */

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

const also = z.union(
  [word.transform((herd): { herd: string; database?: string } => ({ herd })), z.strictObject({ herd: word, database: word.optional() })],
  { error: 'write the herd that it points to, or {herd: …, database: …}' },
)
const pooler = z.union(
  [
    word.transform((herd) => ({ herd, mode: undefined, managed: true, also: {} })),
    z.strictObject({
      herd: word,
      mode: z.enum(['session', 'transaction']).optional(),
      managed: z.boolean().default(true),
      also: z.record(word, also).default({}),
    }),
  ],
  {
    error:
      'write the herd it stands in front of, or {herd: …, mode: session or transaction, managed: true or false, also: {NAME: HERD}} with the words you need',
  },
)
const setting = z
  .union([z.string(), z.number(), z.boolean()], { error: 'a setting is a text, a number, true or false' })
  .transform((value) => String(value))
const herdWords = z.strictObject({
  members: word,
  synchronous: z.string().default(''),
  passwords: z.enum(['passfile', 'inline']).default('passfile'),
  manager: z.enum(['matriarch', 'patroni']).default('matriarch'),
  settings: z.record(word, z.record(word, setting)).default({}),
})
const herd = z.union([word.transform((members) => herdWords.parse({ members })), herdWords], {
  error:
    'write the members as a > b, c, or {members: a > b, synchronous: FIRST 1 (*), passwords: inline, settings: {b: {NAME: VALUE}}} with the words you need',
})
const volume = z.enum(['data', 'wal'], { error: 'a volume is data or wal' })
const volumeMiB = z.strictObject({ data: z.int().min(1).optional(), wal: z.int().min(1).optional() })
const streams = z.union(
  [words.transform((hosts): Record<string, string | null> => Object.fromEntries(hosts.map((host) => [host, null]))), z.record(word, word)],
  { error: 'write one name, several as [a, b], or each with whom it streams from as {c: b}' },
)

export const fleetWords = z.strictObject({
  herds: z
    .record(herdTitle, herd, { error: 'at least one herd is needed, as shop: a > b' })
    .describe(
      'by name: “shop: a > b, c” is primary a with standbys b and c, “a > b > c” lets c follow b; {members: a > b, synchronous: FIRST 1 (*), passwords: inline, settings: {b: {NAME: VALUE}}}; inline: each standby has its password in primary_conninfo; settings: what a member is set to before it begins; manager: patroni makes it a cluster of three under Debian’s Patroni, with an etcd member beside each, HAProxy beside its poolers, and synchronous: off, on or strict',
    ),
  poolers: z
    .record(word, pooler)
    .default({})
    .describe(
      'by host, the herd it stands in front of: “p1: shop”, or {herd: shop, mode: session, managed: false, also: {NAME: HERD}}; the console writes its file unless it is not managed',
    ),
  volumes: z
    .record(word, volumeMiB, { error: 'write the MiB of each volume, as {b: {wal: 64}}' })
    .default({})
    .describe('by host, small volumes that can be filled, in MiB: {b: {data: 256, wal: 64}}; wal holds pg_wal'),
  queue: z
    .enum(['postgresql', 'redis'], { error: 'the queue is postgresql or redis' })
    .default('postgresql')
    .describe('where the workers are woken from: postgresql or redis'),
  names: z.boolean({ error: 'names is true or false' }).default(false).describe('true: each herd has a DNS name that follows its primary'),
})

const expectation = z.strictObject({
  within: duration.default(60_000).describe('how long it may take until all of it holds at once; 1 min where it is left out'),
  order: word.optional().describe('which order is meant; the last one where it is left out'),
  herd: word.optional().describe('which herd is meant; needed where there are several'),

  job: z
    .enum(['waiting', 'running', 'attention', 'done', 'undone', 'failed', 'refused', 'cancelled', 'skipped'])
    .optional()
    .describe('what became of the order'),
  says: words.optional().describe('said anywhere in its plan, its journal or its reason'),
  certificate: z.enum(['proven', 'not-provable', 'lost']).optional().describe('the verdict: proven, not-provable or lost'),
  'served again within': duration
    .optional()
    .describe('from the first failure of a step until a commit of the load, by the clock of the server that has it'),

  primary: word.optional().describe('the only member that takes writes; leader: whichever, and none beside it; nobody: no member does'),
  streams: streams.optional().describe('standbys that stream, from anybody; or each from whom, {c: b}'),
  'read-only': words.optional().describe('takes no writes: a standby, or not running'),
  'name points to': word.optional().describe('by both name servers and the resolver; leader: to whichever member takes writes'),
  patroni: z.enum(['running', 'paused']).optional().describe('paused: it is in maintenance mode; running: it is not, and says so'),
  'followed within': duration
    .optional()
    .describe(
      'from the promotion that nobody here ordered until poolers led clients to it and the name pointed there, with a report of it',
    ),

  'poolers point to': word.optional().describe('every database of the herd, on every pooler; leader: to whichever member takes writes'),
  'poolers paused': z.array(word).optional().describe('hosts whose pooler has paused clients of the herd; [] for none'),
  'late write': z.enum(['rejected', 'accepted']).optional().describe('what became of the late write'),

  writes: z
    .literal('continue', { error: 'writes can only be expected to continue' })
    .optional()
    .describe('“continue”: the writers of the load are served now'),
  transaction: z.enum(['open', 'broken']).optional().describe('what became of the open transaction'),
  alarm: word.optional().describe('said on the front page'),

  errors: count.optional().describe('that the writers saw; ends the load, as the next two do'),
  lost: count.optional().describe('commits that were acknowledged and are not there'),
  'longest wait below': duration.optional().describe('of any writer for its commit'),
})

const named = { name: z.string().optional().describe('what the step is, in your words') }
const herdOf = word.optional().describe('which herd is meant; needed where there are several')
const hostOf = word.optional().describe('the host')

/** By verb: the step's own words, the verb's among them. */
export const stepWords = {
  load: z.strictObject({
    load: count.min(1).describe('begins so many writers, with a ledger of what was acknowledged'),
    herd: herdOf,
    through: words.default(['members']).describe('members (whichever is the primary), poolers (all of them), or hosts of poolers'),
    ...named,
  }),
  'open transaction': z.strictObject({
    'open transaction': word.describe('begins one under this application name, writes in it and leaves it open'),
    herd: herdOf,
    through: word.optional().describe('the host of a pooler; straight to the primary where it is left out'),
    ...named,
  }),
  order: z.strictObject({
    order: word.describe('plans this operation and submits it as a person would; does not wait for its end'),
    on: words.optional().describe('a herd, or the host of the instance, pooler or server; several as [shop, crm], in one order'),
    input: z.record(z.string(), z.json()).default({}).describe('what the form of the operation asks; hosts and herds by their names'),
    as: word.optional().describe('a name for this order; its operation where it is left out'),
    later: duration.optional().describe('schedules it for so much later'),
    'hold before': word.optional().describe('holds the worker right before this step, until it is released, killed or thawed'),
    'hold after': word.optional().describe('… right after this step has acted, before the journal knows'),
    'hold at': z
      .literal('point of no return', { error: 'a worker can be held at the point of no return, or before or after a step' })
      .optional()
      .describe('… “point of no return”: before the journal passes it'),
    ...named,
  }),
  release: z.strictObject({ release: word.describe('lets a held worker continue with the order of this name'), ...named }),
  decide: z.strictObject({
    decide: z.enum(['resume', 'abandon']).describe('a person’s answer where a job needs attention'),
    about: word.optional().describe('the order; the last one where it is left out'),
    ...named,
  }),
  kill: z.strictObject({ kill: word.describe('kill -9: worker, redis, or what matches on a host'), on: hostOf, ...named }),
  freeze: z.strictObject({
    freeze: word.describe(
      'stops it in the middle of whatever it does: worker, names (every name server), what matches on a host, or everything on it',
    ),
    on: hostOf,
    ...named,
  }),
  thaw: z.strictObject({ thaw: word.describe('lets it continue'), on: hostOf, ...named }),
  start: z.strictObject({
    start: z.enum(['worker', 'redis'], { error: 'only a worker or redis is started' }).describe('another worker, or redis, empty'),
    ...named,
  }),
  cut: z.strictObject({
    cut: words
      .refine((all) => all.length < 3, 'cut one host, or two from each other')
      .describe('one host: its cable; two, [a, b]: all packets between them. console may be one'),
    ...named,
  }),
  heal: z.strictObject({ heal: word.describe('every cut of this host; or everything'), ...named }),
  'power off': z.strictObject({ 'power off': word.describe('the plug of this host: every process dies at once'), ...named }),
  'power on': z.strictObject({ 'power on': word.describe('this host'), ...named }),
  'late write': z.strictObject({
    'late write': word.describe(
      'writes the file of the pooler on this host as a worker that was frozen would, under the token before the last',
    ),
    'points to': word.describe('the member it would point its clients to'),
    ...named,
  }),
  run: z.strictObject({
    run: word.describe(
      'a person’s hand: runs it in a shell as postgres on the host; PGDATA, PGPORT and pg_ctl are those of its member, and promote, start and stop are commands',
    ),
    on: word.describe('the host'),
    herd: word.optional().describe('which herd’s member is meant; needed where the host has several'),
    ...named,
  }),
  fill: z.strictObject({ fill: volume.describe('every byte of this small volume'), on: word.describe('the host'), ...named }),
  free: z.strictObject({ free: volume.describe('what filled it'), on: word.describe('the host'), ...named }),
  skew: z.strictObject({
    skew: word.describe('sets the clock of this host wrong; it is shut down and booted for that'),
    ahead: duration.optional().describe('by so much'),
    behind: duration.optional().describe('by so much'),
    ...named,
  }),
  sql: z.strictObject({
    sql: word.describe('runs it as postgres on the host itself'),
    on: word.describe('the host'),
    in: word.default('postgres').describe('the database'),
    herd: herdOf,
    ...named,
  }),
  expect: z.strictObject({ expect: expectation.describe('waits until all of it holds'), ...named }),
} as const

export type Verb = keyof typeof stepWords
export const verbs = Object.keys(stepWords) as Verb[]
export type Expectation = z.infer<typeof expectation>
export type StepOf<V extends Verb> = z.infer<(typeof stepWords)[V]>
export type Step = { [V in Verb]: { verb: V; line: number; words: StepOf<V> } }[Verb]
export type ScenarioFleet = z.infer<typeof fleetWords>

export const scenarioWords = z.strictObject({
  name: word.describe('the guarantee that it gives, as a sentence'),
  ci: z.boolean({ error: 'ci is true or false' }).default(false).describe('true: runs with the tests of every change'),
  case: z.int().optional().describe('the number of the acceptance case it proves'),
  about: z.string().default('').describe('why it matters, for whoever reads the file'),
  fleet: fleetWords.describe('what there is when it begins'),
  steps: z
    .array(z.record(z.string(), z.unknown(), { error: 'a step is a verb with its words, as “order: switchover”' }))
    .min(1, 'no step')
    .describe('one after the other; the first that fails ends the file'),
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
