import type { MemberSetting } from '@/lib/shapes/settings'

const byContext: Readonly<Record<string, string>> = { postmaster: 'restart', sighup: 'reload', internal: 'never' }
/** What makes a new value of it take effect. Whatever a session may set for itself also follows the files, at a reload. */
export const takesEffect = (context: string): string => byContext[context] ?? 'reload, or in a session'

/** The end of the path, since data directories are long; null: it is in no file, or the console may not know. */
export const placeOf = ({ file, line }: Pick<MemberSetting, 'file' | 'line'>): string | null =>
  file === null ? null : `${file.split('/').at(-1)}${line === null ? '' : `:${line}`}`

export const sourceOf = (one: Pick<MemberSetting, 'source' | 'file' | 'line'>): string => placeOf(one) ?? one.source

/** Blanks and emptiness are values, too. */
export const visible = (shown: string): string => (shown === '' ? '(empty)' : shown)
