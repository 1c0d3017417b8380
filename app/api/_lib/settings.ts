import { z } from 'zod'
import { findSettings } from '@/db/settings/find'
import { csvLine } from '@/lib/fields/csv'
import type { Actor } from '@/lib/kernel/access/access'
import { checked } from '@/lib/kernel/ground/checked'
import { type FoundSettings, type SettingQuery, settingQuery, settingRowsMax } from '@/lib/shapes/settings'
import type { Given } from './serve'
import { streamText } from './stream'

const lookQuery = z.strictObject({ look: z.literal('now').optional() })
const findQuery = settingQuery.extend({ format: z.enum(['json', 'csv']).default('json') })

/** Throws `input.invalid`. */
export const wantsLook = (query: URLSearchParams): boolean => checked(lookQuery, Object.fromEntries(query)).look === 'now'

const heads = ['instance', 'role', 'setting', 'value', 'shown', 'source', 'file', 'line', 'pending restart', 'after restart', 'seen']

async function* asCsv(actor: Actor, query: SettingQuery): AsyncGenerator<string> {
  yield `${csvLine(heads)}\r\n`
  for (let page = 1; ; page += 1) {
    const { items, total } = await findSettings(actor, { ...query, page, per: settingRowsMax })
    for (const one of items)
      yield `${csvLine([one.title, one.role, one.name, one.value ?? '', one.shown, one.source, one.file ?? '', String(one.line ?? ''), one.isPendingRestart ? 'yes' : '', one.pendingShown ?? '', one.seenAt])}\r\n`
    if (items.length === 0 || page * settingRowsMax >= total) return
  }
}

export const answerFound = async ({ actor, query }: Given<unknown>): Promise<FoundSettings | Response> => {
  const { format, ...asked } = checked(findQuery, Object.fromEntries(query))
  return format === 'csv' ? streamText(asCsv(actor, asked), 'text/csv; charset=utf-8; header=present') : findSettings(actor, asked)
}
