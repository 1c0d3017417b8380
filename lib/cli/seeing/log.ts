import { sleep } from '@/lib/kernel/ground/sleep'
import type { HerdLog, ServerLog } from '@/lib/shapes/server-log'
import { type Args, takeFlag, UsageError } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, print, printJson, remark } from '../output'
import { clean } from '../table'
import { newSince } from './new-since'
import { questionOf, subjectOf } from './subject'

type Entry = NonNullable<ServerLog['log']>['entries'][number]
type MemberEntry = HerdLog['entries'][number]

const againMs = 2_000

const indented = (text: string): string => text.split('\n').map(clean).join('\n    ')

const textOf = ({ at, pid, user, database, level, code, text, more }: Entry): string => {
  const who = [pid, user === null ? null : `${user}@${database ?? '-'}`].filter((one) => one !== null).join(' ')
  const head = [at, who && `[${clean(who)}]`, code === null ? level : `${level} ${code}`].filter(Boolean).join(' ')
  return [`${head}: ${indented(text)}`, ...more.map((one) => `    ${one.kind}: ${indented(one.text)}`)].join('\n')
}

const show = (entries: readonly Entry[]): void => {
  if (entries.length > 0) print(entries.map(textOf).join('\n'))
}

/** Ctrl-C ends it, as it ends `tail -f`. */
const follow = async (where: Where, path: string, seen: readonly Entry[]): Promise<never> => {
  let [last, said]: [readonly Entry[], string | null] = [seen, null]
  for (;;) {
    await sleep(againMs)
    const { log, because } = await getJson<ServerLog>(where, path)
    if (because !== null && because !== said) remark(clean(`The last look saw nothing: ${because}`))
    said = because
    if (because !== null || !log) continue
    show(newSince(last, log.entries))
    last = log.entries
  }
}

const showMembers = (entries: readonly MemberEntry[]): void => {
  if (entries.length > 0) print(entries.map((entry) => `${clean(entry.title)}: ${textOf(entry)}`).join('\n'))
}

/** Each message once, as `newSince` tells them apart in the log of each member. */
const followHerd = async (where: Where, path: string, seen: HerdLog): Promise<never> => {
  let last = seen
  const said = new Map(seen.members.map(({ instanceId, because }) => [instanceId, because]))
  const of = ({ entries }: HerdLog, id: string) => entries.filter(({ instanceId }) => instanceId === id)
  for (;;) {
    await sleep(againMs)
    const now = await getJson<HerdLog>(where, path)
    const fresh = new Set(now.members.flatMap(({ instanceId }) => newSince(of(last, instanceId), of(now, instanceId))))
    remarkMembers(now.members.filter(({ instanceId, because }) => because !== said.get(instanceId)))
    for (const { instanceId, because } of now.members) said.set(instanceId, because)
    showMembers(now.entries.filter((entry) => fresh.has(entry)))
    last = now
  }
}

const remarkMembers = (members: HerdLog['members']): void => {
  for (const { title, because } of members) if (because !== null) remark(clean(`${title}: the last look saw nothing: ${because}`))
}

const ofHerd = async (where: Where, path: string, { format, isFollowed }: { format: string; isFollowed: boolean }): Promise<number> => {
  const found = await getJson<HerdLog>(where, path)
  if (format === 'json') printJson(found)
  else {
    showMembers(found.entries)
    for (const { code, level, text, count, members } of found.errors)
      remark(clean(`${count} × ${code ?? level} ${text} (${members.map((one) => `${one.title}: ${one.count}`).join(', ')})`))
    if (found.hasMore) remark('There is more before these, or in older files: --search WORDS, --files all.')
  }
  remarkMembers(found.members)
  if (isFollowed) return followHerd(where, path, found)
  return found.members.some(({ because }) => because === null) ? exitCodes.done : exitCodes.failed
}

/** `matriarch log NAME [--search WORDS --level all|warnings|errors --files end|all] [-f] [-o text|json]`: exit code 1 when it could not be read, of a herd when no member’s could. */
export const log = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['text', 'json'])
  const isFollowed = takeFlag(args, 'follow')
  const question = questionOf(args, ['search', 'level', 'files'])
  if (isFollowed && (format === 'json' || question.get('files') === 'all'))
    throw new UsageError('-f shows the end of the log as text: without -o json and --files all.')
  const subject = await subjectOf(where, args, ['instance', 'herd'])
  const path = `${subject.path}/log?${question}`
  if (subject.kind === 'herd') return ofHerd(where, path, { format, isFollowed })
  const found = await getJson<ServerLog>(where, path)
  if (format === 'json') printJson(found)
  else {
    show(found.log?.entries ?? [])
    if (found.log?.hasMore) remark('There is more before these, or in older files: --search WORDS, --files all.')
  }
  if (found.because !== null) remark(clean(`${found.title}: the last look saw nothing: ${found.because}`))
  if (isFollowed) return follow(where, path, found.log?.entries ?? [])
  return found.because === null ? exitCodes.done : exitCodes.failed
}
