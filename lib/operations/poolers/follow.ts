import { z } from 'zod'
import { lineDiff } from '@/lib/domain/line-diff'
import { sayAims } from '@/lib/domain/pgbouncer-ini'
import { adoptFile, notAsWritten, renderTemplate, templateProblems } from '@/lib/domain/pooler-template'
import { defineOperation, type GatherContext } from '@/lib/kernel/operation'
import type { Verdict } from '@/lib/kernel/plan'
import type { InventoryInstance, InventoryPooler, Probe, ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts'
import { pass, passBecause, refuse, warn } from '../gates'
import { aimPoolers } from '../steps/aim-poolers'
import { managePooler } from '../steps/manage-pooler'
import {
  aboutPooler,
  firmPooler,
  gatherPooler,
  lockPoolerHerd,
  lookTimeoutMs,
  type PoolerFacts,
  poolerAnswers,
  poolerNow,
  seenPooler,
} from './facts'

type MemberSeen = { title: string; role: Probe['role']; state: Probe['state'] }

export type FollowFacts = PoolerFacts & {
  members: MemberSeen[]
  /** null: no member, or more than one, answers as primary. */
  primary: { title: string; hostname: string; address: string; port: number } | null
  /** null: none is registered, and the file gives none. */
  template: string | null
  isAdopted: boolean
  problems: string[]
  /** What the file is to say; null without a primary and a sound template. */
  text: string | null
  file: { digest: string; owner: string; mode: string } | null
  /** Lines, with passwords masked. */
  diff: string[]
  isRight: boolean
}

export const followPrimary = defineOperation({
  name: 'follow-primary',
  on: 'pooler',
  title: 'Lead the pooler to the primary',
  verb: 'Repoint',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Makes PgBouncer’s file from its template with the herd’s primary in it, shows the difference, writes it in one step with the owner and mode it had, reloads, and proves by SHOW DATABASES that every database leads there.',
    'Without a template the file that is there becomes one: the lines that lead to the primary follow it from now on, and not a byte changes today.',
    'From then on the console writes the file whenever the primary moves, by a failover or behind its back. Clear the template to leave the file to somebody else again.',
  ],
  gather: (ports, _input, context) => gatherFollow(ports, context),
  about: aboutPooler,
  firm: (facts) => ({ ...firmPooler(facts), text: facts.text, file: facts.file }),
  locks: lockPoolerHerd,
  now: (facts) => [
    ...poolerNow(facts),
    {
      label: 'Primary',
      value:
        facts.primary === null
          ? 'not known'
          : `${facts.primary.title}, ${sayAims([{ host: facts.primary.address, port: facts.primary.port }])}`,
    },
    { label: 'Template', value: facts.template === null ? 'none' : facts.isAdopted ? 'made from its file' : 'registered' },
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
            sentence: 'Transactions that run end on the old server; the next ones go to the primary.',
          },
        ],
  offered: (row) => poolerAnswers(seenPooler(row)),
})
  .gate('answers', 'Its console answers', ({ seen }) => poolerAnswers(seen))
  .gate('primary', 'One member takes writes', onePrimary)
  .gate('members', 'Every member is seen', ({ members }) => {
    const unseen = members.filter(({ state }) => state === 'unreachable' || state === 'unknown' || state === 'refused')
    return unseen.length === 0
      ? pass
      : warn(`${unseen.map(({ title }) => title).join(', ')} cannot be seen: if a primary runs there too, this one may be the wrong one.`)
  })
  .gate('file', 'Its file is there', ({ file, pooler }) => (file === null ? refuse(`${pooler.address.configPath} is not there.`) : pass))
  .gate('template', 'Its template is sound', ({ template, problems, primary }) => {
    if (problems.length > 0) return refuse(`The template is not sound: ${problems.join('; ')}.`)
    if (template !== null) return pass
    return primary === null
      ? pass
      : refuse(
          `No line of its file leads to ${primary.title} at ${primary.address}:${primary.port}. Register a template, or correct the file.`,
        )
  })
  .gate('right', 'Where it leads', ({ isRight, seen }) => (isRight ? passBecause(`It leads to ${sayAims(seen.databases)} already.`) : pass))
  .effect(
    'aim',
    aimPoolers<FollowFacts>(({ pooler, text }) => [{ pooler, text: text ?? '' }]),
  )
  .effect(
    'manage',
    managePooler<FollowFacts>(
      ({ pooler }) => pooler,
      ({ template }) => template ?? '',
    ),
  )
  .build()

const gatherFollow = async (ports: ReadPorts, context: GatherContext): Promise<FollowFacts> => {
  const facts = await gatherPooler(ports, context)
  const { pooler, seen } = facts
  const limits = { timeoutMs: lookTimeoutMs, signal: context.signal }
  const herd = await ports.inventory.herdInstances(pooler.herdId)
  const [members, file] = await Promise.all([
    Promise.all(
      herd.map(async (one) => ({ one, probe: await ports.postgres.probe(one.address, { ...limits, timeoutMs: probeTimeoutMs }) })),
    ),
    seen.state === 'online' ? ports.poolers.readFile(pooler.address, limits) : null,
  ])
  const primaries = members.filter(({ probe }) => probe.state === 'online' && probe.role === 'primary').map(({ one }) => one)
  const primary = primaries.length === 1 ? primaries[0]! : null
  const aim = primary && { host: primary.address.host.address, port: primary.address.port }
  const template = pooler.template ?? (file && aim ? adoptFile(file.text, aim) : null)
  const problems = template === null ? [] : templateProblems(template, pooler.address.port)
  const text = template !== null && primary !== null && problems.length === 0 ? renderFor(pooler, template, primary) : null
  return {
    ...facts,
    members: members.map(({ one, probe }) => ({ title: one.title, role: probe.role, state: probe.state })),
    primary: primary && {
      title: primary.title,
      hostname: primary.address.host.hostname,
      address: primary.address.host.address,
      port: primary.address.port,
    },
    // A template that is refused may hold a password: it goes no further than this.
    template: problems.length > 0 ? null : template,
    isAdopted: pooler.template === null,
    problems,
    text,
    file: file && { digest: file.digest, owner: file.owner, mode: file.mode },
    diff: text === null || file === null ? [] : lineDiff(file.text, text),
    isRight: text !== null && file?.text === text && notAsWritten(text, seen.databases).length === 0,
  }
}

/** The pooler's file with this member in it. */
export const renderFor = (
  { title, herdName }: Pick<InventoryPooler, 'title' | 'herdName'>,
  template: string,
  { address }: Pick<InventoryInstance, 'address'>,
): string =>
  renderTemplate(template, {
    host: address.host.address,
    port: String(address.port),
    hostname: address.host.hostname,
    herd: herdName,
    pooler: title,
  })

function onePrimary({ primary, members, pooler }: FollowFacts): Verdict {
  if (primary !== null) return pass
  const writing = members.filter(({ state, role }) => state === 'online' && role === 'primary').map(({ title }) => title)
  return refuse(
    writing.length > 1
      ? `${writing.join(' and ')} both answer as primary of ${pooler.herdName}: end the split brain first.`
      : `No member of ${pooler.herdName} answers as primary.`,
  )
}
