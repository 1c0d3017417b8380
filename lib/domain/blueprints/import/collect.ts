import type { ImportedField } from '../blueprint'
import type { Key } from './keys'
import type { Source } from './read-value'

/** What became of the keys of a manifest. */
export interface Imported {
  values: Partial<Record<ImportedField, unknown>>
  /** `shown`: the value as it may be shown. */
  taken: { key: string; field: ImportedField; shown: string; note: string | null }[]
  /** Without effect, and kept with the blueprint. */
  kept: { key: string; shown: string; because: string }[]
  dropped: { key: string; because: string }[]
  unknown: { key: string; nearest: string | null }[]
  problems: { key: string; because: string }[]
}

export const nothingImported = (): Imported => ({ values: {}, taken: [], kept: [], dropped: [], unknown: [], problems: [] })

export const shownValue = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : value === null ? 'none' : JSON.stringify(value)

const vaultMark = '$ANSIBLE_VAULT'

/** Puts a value where its key belongs. `written`: the key as it was written; `inverts`: an earlier spelling that meant the opposite. */
export const collect = (into: Imported, written: string, key: Key, value: unknown, source: Source, inverts = false): void => {
  const { to } = key
  if (typeof value === 'string' && value.trimStart().startsWith(vaultMark)) {
    into.problems.push({ key: written, because: 'It is encrypted by Ansible Vault. Give the value itself.' })
    return
  }
  if ('drops' in to) {
    into.dropped.push({ key: written, because: to.drops })
    return
  }
  if ('keeps' in to) {
    into.kept.push({ key: written, shown: shownValue(value), because: to.keeps })
    into.values.imported = { ...(into.values.imported as object | undefined), [written]: value }
    return
  }
  const read = to.read(value, source)
  if ('problem' in read) {
    into.problems.push({ key: written, because: read.problem })
    return
  }
  const made = inverts ? !read.value : read.value
  const shown = key.isSecret ? '••••••••' : shownValue(made)
  into.values[to.field] = made
  into.taken.push({ key: written, field: to.field, shown, note: read.note ?? null })
}
