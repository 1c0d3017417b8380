import { sleep } from '@/lib/kernel/ground/sleep'
import type { ServerLog } from '@/lib/shapes/server-log'
import { type Args, takeFlag, UsageError } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, print, printJson, remark } from '../output'
import { clean } from '../table'
import { newSince } from './new-since'
import { questionOf, subjectOf } from './subject'

type Entry = NonNullable<ServerLog['log']>['entries'][number]

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

/** `matriarch log INSTANCE [--search WORDS --level all|warnings|errors --files end|all] [-f] [-o text|json]`: exit code 1 when it could not be read. */
export const log = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['text', 'json'])
  const isFollowed = takeFlag(args, 'follow')
  const question = questionOf(args, ['search', 'level', 'files'])
  if (isFollowed && (format === 'json' || question.get('files') === 'all'))
    throw new UsageError('-f shows the end of the log as text: without -o json and --files all.')
  const subject = await subjectOf(where, args, ['instance'])
  const path = `${subject.path}/log?${question}`
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
