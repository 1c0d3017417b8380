/**
 * A file of a stack is written here with names in place of its secrets, `{{secret replicator}}`; the worker fills them in on the way to the host, and
 * puts the names back into what it read there. So no plan, journal or difference ever holds one.
 */
export const secretMark = (name: string): string => `{{${name}}}`

/** What is needed of a stack whatever its cluster file says. */
export const ownSecrets = ['superuser', 'replicator', 'rewind', 'rest', 'pooler'] as const

export const userSecret = (user: string): string => `user ${user}`

const marks = /\{\{([a-z][a-z0-9_. -]*)\}\}/g

/** The names that a text needs, each once. */
export const secretsIn = (text: string): string[] => [...new Set([...text.matchAll(marks)].map(([, name]) => name!))]

/** Throws RangeError for a name that has no value: half a file is never written. */
export const fillIn = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(marks, (_whole, name: string) => {
    const value = values[name]
    if (value === undefined) throw new RangeError(`There is no secret “${name}”.`)
    return value
  })

/** The text of a file as it may be shown: every secret of the stack in it by its name again. */
export const maskWith = (text: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== '')
    .sort(([, a], [, b]) => b.length - a.length)
    .reduce((masked, [name, value]) => masked.replaceAll(value.trimEnd(), secretMark(name)), text)
