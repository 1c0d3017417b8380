import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseAst } from 'vitest/node'

/** One source file, and what of it a wall may stand against. Lines count from 1. */
export interface Source {
  path: string
  /** Every file or package that it names, whichever way: import, export from, import(), a type's import(), require(). */
  imports: Import[]
  /** Where it reads `process.env`. */
  env: number[]
  /** Where a text of it is a statement of SQL. */
  sql: number[]
}

export interface Import {
  line: number
  /** A path of the tree, the name of a package without its subpath, or `node:…`; '' where only the run says what. */
  to: string
  /** lost: a path that is no file. computed: what `import()` is given is no text. */
  kind: 'file' | 'package' | 'builtin' | 'lost' | 'computed'
}

interface Node {
  type: string
  start: number
  [key: string]: unknown
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'
const isTest = (path: string): boolean => /\.(test|spec)\.tsx?$/.test(path)
const endings = ['', '.ts', '.tsx', '.mjs', '.d.ts', '/index.ts', '/index.tsx']
const statement =
  /^\s*(select\s.*\sfrom\s|select\s+(1|pg_|set_config|count)|insert\s+into\s|update\s+\w+\s+(\w+\s+)?set\s|delete\s+from\s|with\s+\w+\s+as\s)/s

/** The source files of the repository that are no tests, as Git knows them: what is ignored is not looked at, what is new is. */
export const readTree = (root: string): Source[] => {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate']
  const all = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).trim().split('\n')
  const files = new Map(all.filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !isTest(path)).map((path) => [path, path]))
  const isThere = (path: string) => files.has(path) || all.includes(path)
  return [...files.keys()].map((path) => readSource(path, readFileSync(join(root, path), 'utf8'), isThere))
}

/** `isThere` says whether a path, from the root, is a file of the tree. Throws where the text is not TypeScript. */
export const readSource = (path: string, text: string, isThere: (path: string) => boolean): Source => {
  const source: Source = { path, imports: [], env: [], sql: [] }
  const lineOf = ({ start }: Node) => text.slice(0, start).split('\n').length
  const visit = (node: Node): void => {
    const named = nameOf(node)
    if (named !== undefined) source.imports.push({ line: lineOf(node), ...resolve(path, named, isThere) })
    if (readsEnv(node)) source.env.push(lineOf(node))
    if (statement.test(textOf(node)?.toLowerCase() ?? '')) source.sql.push(lineOf(node))
    for (const value of Object.values(node)) for (const child of [value].flat()) if (isNode(child)) visit(child)
  }
  visit(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node)
  return source
}

/** What a node imports; null: it imports something that only the run decides; undefined: it imports nothing. */
const nameOf = (node: Node): string | null | undefined => {
  const from = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType']
  const isRequire = node.type === 'CallExpression' && (node.callee as Node & { name?: string }).name === 'require'
  const named = isRequire ? (node.arguments as Node[])[0] : from.includes(node.type) ? node.source : undefined
  if (!isNode(named)) return undefined
  return named.type === 'TemplateLiteral' && (named.expressions as Node[]).length > 0 ? null : textOf(named)
}

const textOf = (node: Node): string | null => {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral') return null
  return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('$')
}

const readsEnv = (node: Node): boolean => {
  const isCalled = (value: unknown, name: string) => isNode(value) && (value.name === name || value.value === name)
  if (node.type === 'MemberExpression') return isCalled(node.object, 'process') && isCalled(node.property, 'env')
  if (node.type === 'ImportDeclaration') return /^(node:)?process$/.test(String((node.source as Node).value))
  const { id, init } = node as { id?: Node; init?: Node }
  return node.type === 'VariableDeclarator' && id?.type === 'ObjectPattern' && isCalled(init, 'process')
}

const resolve = (path: string, named: string | null, isThere: (path: string) => boolean): Omit<Import, 'line'> => {
  if (named === null) return { to: '', kind: 'computed' }
  if (named.startsWith('node:')) return { to: named, kind: 'builtin' }
  const isInside = /^(\.{1,2}|@)(\/|$)/.test(named)
  if (!isInside) return { to: named.split('/', named.startsWith('@') ? 2 : 1).join('/'), kind: 'package' }
  const base = normalize(named.startsWith('@') ? named.slice(2) : join(dirname(path), named))
  const ending = endings.find((one) => isThere(base + one))
  return ending === undefined ? { to: base, kind: 'lost' } : { to: base + ending, kind: 'file' }
}
