import { writeConninfo } from '../values/conninfo'
import { quoteShell } from '../values/shell-quote'

/** pg_promote() came with 12; before that only the server's own host can promote it. */
export const promoteCommand = (major: string | null, dataDirectory: string): string =>
  Number.parseInt(major ?? '', 10) < 12 ? quoteShell(['pg_ctl', 'promote', '-D', dataDirectory]) : 'select pg_promote(false)'

export interface FollowText {
  conninfo: Readonly<Record<string, string>>
  slotName: string | null
}

/** A line of a configuration file as ALTER SYSTEM writes it: quotes and backslashes doubled. */
const confLine = (name: string, value: string): string => `${name} = '${value.replace(/[\\']/g, '$&$&')}'`

const escaped: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** The last value of a setting in the text of a configuration file, as PostgreSQL reads it; null when it is not set. */
export const confSetting = (conf: string, name: string): string | null => {
  let value: string | null = null
  for (const line of conf.split('\n')) {
    const found = /^\s*([\w.]+)(?:\s*=\s*|\s+|(?='))(?:'((?:[^'\\]|''|\\.)*)'|([^\s#']+))/.exec(line)
    if (found?.[1]?.toLowerCase() !== name) continue
    value = found[3] ?? found[2]!.replace(/''|\\([0-7]{1,3})|\\(.)/g, (_all, octal?: string, char?: string) => unescaped(octal, char))
  }
  return value
}

const unescaped = (octal: string | undefined, char: string | undefined): string => {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
  return char === undefined ? "'" : (escaped[char] ?? char)
}

/** The lines that make a standby follow so: of postgresql.auto.conf from 12 on, of recovery.conf up to 11. */
export const followLines = ({ conninfo, slotName }: FollowText): string[] => {
  if (slotName !== null && !/^[a-z0-9_]{1,63}$/.test(slotName)) throw new RangeError(`“${slotName}” is no name of a slot.`)
  return [confLine('primary_conninfo', writeConninfo(conninfo)), ...(slotName === null ? [] : [confLine('primary_slot_name', slotName)])]
}

/** What recovery.conf (10 and 11) needs beside: it follows timelines, which 12 and later do by themselves. */
export const standbyLines = [confLine('standby_mode', 'on'), confLine('recovery_target_timeline', 'latest')]
