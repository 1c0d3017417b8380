import type { Import, Source } from './tree'
import type { Room, Walls } from './walls'

const holds = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`)

/** The deepest room that holds a path; undefined: none does. */
const roomOf = ({ rooms }: Walls, path: string): string | undefined =>
  Object.keys(rooms)
    .filter((room) => holds(room, path))
    .toSorted((a, b) => b.length - a.length)[0]

/** Whatever stands against a wall, a sentence each, with file and line; empty: nothing does. */
export const breachesOf = (tree: readonly Source[], walls: Walls): string[] =>
  tree.flatMap((source) => {
    const { path } = source
    const name = roomOf(walls, path)
    if (name === undefined) return [`${path} is in no room: name its room in walls.ts.`]
    const room = walls.rooms[name]!
    return [
      ...source.imports.flatMap((one) => {
        const why = whyNot(walls, name, room, path, one)
        return why === null ? [] : [`${path}:${one.line} ${why}`]
      }),
      ...without(walls.env, path, source.env, 'reads process.env: take the value from who is allowed to'),
      ...without(walls.sql, path, source.sql, 'writes SQL: it belongs in db/'),
    ]
  })

/** Why a file may not have that import; null: it may. */
const whyNot = (walls: Walls, name: string, room: Room, path: string, { to, kind }: Import): string | null => {
  if (kind === 'lost') return `imports ${to}, which is no file of this tree.`
  if (kind === 'computed') return isAmong(walls.computed, path) ? null : 'imports what only the run names: no wall can be held against it.'
  if (kind === 'builtin') return librariesOf(room).includes('node') ? null : `imports ${to}: ${name} has no modules of Node.`
  if (kind === 'package')
    return librariesOf(room).includes(to) ? null : `imports the package ${to}: ${name} may have ${listed(librariesOf(room))}.`
  if (roomOf(walls, to) === name || importsOf(room).some((entry) => holds(entry, to))) return null
  return `imports ${to}: ${name} may import ${listed(importsOf(room))}.`
}

const wordsOf = (text: string): string[] => text.split(' ').filter((word) => word !== '')
const importsOf = ({ imports }: Room): string[] => wordsOf(imports)
const librariesOf = ({ libraries = '' }: Room): string[] => wordsOf(libraries)
const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
const isAmong = (paths: Readonly<Record<string, string>>, path: string): boolean => Object.keys(paths).some((one) => holds(one, path))
const without = (allowed: Readonly<Record<string, string>>, path: string, lines: readonly number[], what: string): string[] =>
  isAmong(allowed, path) ? [] : lines.map((line) => `${path}:${line} ${what}.`)

/** What the walls name and the tree does not have, and rooms that may import each other. */
export const faultsOf = (tree: readonly Source[], walls: Walls): string[] => {
  const { rooms, env, sql, computed } = walls
  const named = [...Object.keys(rooms), ...Object.values(rooms).flatMap(importsOf), ...[env, sql, computed].flatMap(Object.keys)]
  const gone = [...new Set(named)].filter((one) => !tree.some(({ path }) => holds(one, path)))
  const arrows = new Map(
    Object.entries(rooms).map(([name, room]) => [
      name,
      Object.keys(rooms).filter(
        (other) => other !== name && importsOf(room).some((entry) => holds(entry, other) || roomOf(walls, entry) === other),
      ),
    ]),
  )
  return [
    ...gone.map((one) => `walls.ts names ${one}, where there is nothing.`),
    ...circlesIn(arrows).map((circle) => `Rooms may import each other: ${circle.join(' -> ')}.`),
  ]
}

/** Files that import each other in a circle, type imports included; each circle once, as a way around it. */
export const circlesOf = (tree: readonly Source[]): string[][] =>
  circlesIn(new Map(tree.map(({ path, imports }) => [path, imports.filter(({ kind }) => kind === 'file').map(({ to }) => to)])))

/** Depth first; an arrow back to where the way came through closes a circle. */
const circlesIn = (arrows: ReadonlyMap<string, readonly string[]>): string[][] => {
  const circles: string[][] = []
  const done = new Set<string>()
  const walk = (at: string, way: string[]): void => {
    const back = way.indexOf(at)
    if (back >= 0) circles.push([...way.slice(back), at])
    if (back >= 0 || done.has(at)) return
    for (const next of arrows.get(at) ?? []) walk(next, [...way, at])
    done.add(at)
  }
  for (const start of arrows.keys()) walk(start, [])
  return circles
}

/** The rooms as a table in Markdown. */
export const tableOf = ({ rooms }: Walls): string =>
  [
    '| room | may import | libraries |',
    '|---|---|---|',
    ...Object.entries(rooms).map(([name, room]) => `| \`${name}\` | ${ticked(importsOf(room))} | ${librariesOf(room).join(', ') || '-'} |`),
  ].join('\n')

const ticked = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ') || '-'
