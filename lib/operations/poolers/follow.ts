import { z } from 'zod'
import { leadLines } from '@/lib/domain/poolers/lines'
import { sayAims } from '@/lib/domain/poolers/pgbouncer-ini'
import { adoptFile, type HerdAim, herdsNamed, notAsWritten, renderTemplate, templateProblems } from '@/lib/domain/poolers/template'
import { lineDiff } from '@/lib/domain/values/line-diff'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { Probe, ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts/instance'
import { aimAt } from '../facts/pooler-part'
import {
  aboutPooler,
  firmPooler,
  gatherPooler,
  lockPoolerHerds,
  lookTimeoutMs,
  type PoolerFacts,
  poolerAnswers,
  poolerNow,
  seenPooler,
} from '../facts/poolers'
import { aimPoolers, type Target, wholeAim } from '../steps/poolers/aim'
import { managePooler } from '../steps/poolers/manage'

type MemberSeen = { title: string; role: Probe['role']; state: Probe['state']; aim: HerdAim }

/** `primary` null: no member, or more than one, answers as primary. */
type HerdSeen = { name: string; members: MemberSeen[]; primary: { title: string; aim: HerdAim } | null }

export type FollowFacts = PoolerFacts & {
  /** Those that it serves, the one that it was registered with first. */
  herds: HerdSeen[]
  /** null: none is registered, and the file gives none. */
  template: string | null
  isAdopted: boolean
  /** Names of herds whose lines the registered template left alone until now. */
  joining: string[]
  problems: string[]
  /** What the file is to say; null without a primary and a sound template. Lines of a herd without a primary stay as they are. */
  text: string | null
  file: { digest: string; owner: string; mode: string } | null
  /** Lines, with passwords masked. */
  diff: string[]
  isRight: boolean
}

export const followPrimary = defineOperation({
  name: 'follow-primary',
  on: 'pooler',
  role: 'dba',
  title: 'Point the pooler at the primary',
  verb: 'Repoint',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Renders PgBouncer’s file from its template with the herd’s current primary, shows the difference, replaces the file atomically with the same owner and mode, reloads, and proves by SHOW DATABASES that every database points to the primary.',
    'Without a template the existing file becomes one: its lines that point to the primary follow it from now on, and not a byte changes today.',
    'The template of a pooler that serves several herds names each as {{host:HERD}} and {{port:HERD}}; lines of a herd that it does not name are changed to follow that herd’s primary. Each herd’s lines move only with its own primary.',
    'From then on the console writes the file whenever the primary moves, also when it was moved outside the console. Clear the template to stop that.',
  ],
  gather: (ports, _input, context) => gatherFollow(ports, context),
  about: aboutPooler,
  firm: (facts) => ({ ...firmPooler(facts), text: facts.text, file: facts.file }),
  managed: { harmless: 'It acts on PgBouncer alone, and follows whoever is primary.' },
  locks: lockPoolerHerds,
  // Where not a byte changes, nobody is sent anywhere.
  holdsUp: ({ pooler, isRight }) => (isRight ? null : pooler),
  now: (facts) => [
    ...poolerNow(facts),
    ...facts.herds.map(({ name, primary }) => ({
      label: facts.herds.length === 1 ? 'Primary' : `Primary of ${name}`,
      value: primary === null ? 'not known' : `${primary.title}, ${sayAims([primary.aim])}`,
    })),
    { label: 'Template', value: saidOfTemplate(facts) },
    ...(facts.text === null
      ? []
      : [{ label: 'Difference', value: facts.diff.length === 0 ? 'none: not a byte changes' : facts.diff.join('\n') }]),
  ],
  affected: ({ seen, diff, isRight }) =>
    isRight || diff.length === 0
      ? []
      : [
          {
            kind: 'clients',
            count: seen.clients ?? 0,
            sentence: 'Running transactions finish on the old server; new ones go to the primary.',
          },
        ],
  offered: (row) => poolerAnswers(seenPooler(row)),
})
  .gate('answers', 'The admin console answers', ({ seen }) => poolerAnswers(seen))
  .gate('primary', 'One member takes writes', onePrimary)
  .gate('members', 'Every member is seen', ({ herds }) => {
    const unseen = herds
      .flatMap(({ members }) => members)
      .filter(({ state }) => state === 'unreachable' || state === 'unknown' || state === 'refused')
    return unseen.length === 0
      ? pass
      : warn(
          `${unseen.map(({ title }) => title).join(', ')} cannot be seen: if another primary runs there, the pooler may point to the wrong one.`,
        )
  })
  .gate('file', 'The configuration file exists', ({ file, pooler }) =>
    file === null ? refuse(`${pooler.address.configPath} is not there.`) : pass,
  )
  .gate('template', 'The template is valid', ({ template, problems, herds }) => {
    if (problems.length > 0) return refuse(`The template is not valid: ${problems.join('; ')}.`)
    const primaries = herds.flatMap(({ primary }) => (primary === null ? [] : [`${primary.title} at ${sayAims([primary.aim])}`]))
    return template !== null || primaries.length === 0
      ? pass
      : refuse(`No line of its file points to ${primaries.join(' or ')}. Register a template, or correct the file.`)
  })
  .gate('right', 'Current target', ({ isRight, seen }) =>
    isRight ? passBecause(`It points to ${sayAims(seen.databases)} already.`) : pass,
  )
  .effect(
    'aim',
    aimPoolers(({ pooler, text }) => [wholeAim(pooler, text ?? '')], stillLed, targetsOf),
  )
  .effect(
    'manage',
    managePooler(
      ({ pooler }) => pooler,
      ({ template }) => template ?? '',
    ),
  )
  .build()

const gatherFollow = async (ports: ReadPorts, context: GatherContext): Promise<FollowFacts> => {
  const facts = await gatherPooler(ports, context)
  const { pooler, seen } = facts
  const [herds, file] = await Promise.all([
    Promise.all(pooler.herds.map((herd) => seeHerd(ports, herd, context))),
    seen.state === 'online' ? ports.poolers.readFile(pooler.address, { timeoutMs: lookTimeoutMs, signal: context.signal }) : null,
  ])
  const { template, joining } = templateFor(pooler, file?.text ?? null, herds)
  const names = herds.map(({ name }) => name)
  const problems = template === null ? [] : templateProblems(template, pooler.address.port, names)
  const text = template === null || problems.length > 0 ? null : textFor(pooler, template, herds, file?.text ?? null)
  return {
    ...facts,
    herds,
    // A template that is refused may hold a password: it goes no further than this.
    template: problems.length > 0 ? null : template,
    isAdopted: pooler.template === null,
    joining,
    problems,
    text,
    file: file && { digest: file.digest, owner: file.owner, mode: file.mode },
    diff: text === null || file === null ? [] : lineDiff(file.text, text),
    isRight: text !== null && file?.text === text && notAsWritten(text, seen.databases).length === 0,
  }
}

/** A function, since the operation above is built before this line is reached. */
async function stillLed({ pooler, herds }: FollowFacts, ports: ReadPorts, signal: AbortSignal): Promise<string | null> {
  const now = await Promise.all(pooler.herds.map((herd) => seeHerd(ports, herd, { signal })))
  const moved = now.find(({ name, primary }) => {
    const planned = herds.find((herd) => herd.name === name)?.primary
    return planned != null && planned.title !== primary?.title
  })
  return moved === undefined ? null : `${moved.primary?.title ?? 'No one member'} is the primary of ${moved.name} by now`
}

/** A function for the same reason. A member on the pooler's own host may be named by its socket or its loopback address. */
async function targetsOf({ pooler }: FollowFacts, ports: ReadPorts, signal: AbortSignal): Promise<Target[]> {
  const herds = await Promise.all(pooler.herds.map((herd) => seeHerd(ports, herd, { signal })))
  return herds.flatMap(({ members, primary }) =>
    members.map(({ title, aim: { host, hostname, port } }) => ({
      title,
      hosts: [host, hostname, ...(host === pooler.address.host.address ? ['', 'localhost', '127.0.0.1', '::1'] : [])].map((one) =>
        one.toLowerCase(),
      ),
      port,
      leads: title === primary?.title,
    })),
  )
}

const seeHerd = async (
  ports: ReadPorts,
  { id, name }: { id: string; name: string },
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<HerdSeen> => {
  const instances = await ports.inventory.herdInstances(id)
  const probes = await Promise.all(instances.map(({ address }) => ports.postgres.probe(address, { timeoutMs: probeTimeoutMs, signal })))
  const primaries = instances.filter((_one, index) => probes[index]!.state === 'online' && probes[index]!.role === 'primary')
  const [primary] = primaries
  return {
    name,
    members: instances.map((one, index) => ({
      title: one.title,
      role: probes[index]!.role,
      state: probes[index]!.state,
      aim: aimAt(one),
    })),
    primary: primary !== undefined && primaries.length === 1 ? { title: primary.title, aim: aimAt(primary) } : null,
  }
}

/** The registered one, or the file that is there, with the lines of each herd that it does not name made to follow that herd's primary. */
const templateFor = (
  { template, herdName }: Pick<PoolerFacts['pooler'], 'template' | 'herdName'>,
  file: string | null,
  herds: readonly HerdSeen[],
): { template: string | null; joining: string[] } => {
  const joining: string[] = []
  let made = template ?? file
  for (const { name, primary } of herds) {
    if (made === null || primary === null || (template !== null && herdsNamed(template, herdName).includes(name))) continue
    const adopted = adoptFile(made, primary.aim, name === herdName ? null : name)
    if (adopted === null) continue
    made = adopted
    joining.push(name)
  }
  return { template: template === null && joining.length === 0 ? null : made, joining }
}

/** null: a herd has no primary that is known, and its lines are not in the file either. */
const textFor = (
  { title, herdName }: Pick<PoolerFacts['pooler'], 'title' | 'herdName'>,
  template: string,
  herds: readonly HerdSeen[],
  file: string | null,
): string | null => {
  const about = { pooler: title, herd: herdName }
  const known = herds.flatMap(({ name, primary }) => (primary === null ? [] : [{ name, aim: primary.aim }]))
  const isComplete = herdsNamed(template, herdName).every((herd) => known.some(({ name }) => name === herd))
  if (isComplete) return renderTemplate(template, about, Object.fromEntries(known.map(({ name, aim }) => [name, aim])))
  if (known.length === 0) return null
  return known.reduce<string | null>((text, { name, aim }) => text && leadLines(text, { template, about, herd: name }, aim), file)
}

function saidOfTemplate({ template, isAdopted, joining }: FollowFacts): string {
  if (template === null) return 'none'
  if (isAdopted) return 'made from its file'
  return joining.length === 0 ? 'registered' : `registered; the lines of ${joining.join(', ')} follow from now on`
}

function onePrimary({ herds, text, template, problems, pooler }: FollowFacts): Verdict {
  const isNamed = (name: string) => template === null || herdsNamed(template, pooler.herdName).includes(name)
  const lost = herds.filter(({ name, primary }) => primary === null && isNamed(name))
  if (lost.length === 0) return pass
  const said = lost.map(({ name, members }) => {
    const writing = members.filter(({ state, role }) => state === 'online' && role === 'primary').map(({ title }) => title)
    return writing.length > 1
      ? `${writing.join(' and ')} both answer as primary of ${name}: end the split brain first.`
      : `No member of ${name} answers as primary.`
  })
  return text === null && problems.length === 0 ? refuse(said.join(' ')) : warn(`${said.join(' ')} Its lines stay as they are.`)
}
