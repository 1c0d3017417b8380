import { parseAst } from 'vitest/node'

/** A sentence as it stands in code: `line` counts from 1; what is filled in at run time is shown as `…`. */
export interface Sentence {
  line: number
  text: string
}

interface Node {
  type: string
  start: number
  [key: string]: unknown
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'

const code = /LC_ALL|\$\d|::|\$\(|\bilike\b|^(SELECT|INSERT|UPDATE|DELETE|WITH|SET|PAUSE|RESUME|SHOW|BEGIN)\b/

/** Two words at least, and not code: a path, a class list, SQL, a shell script. */
const readsAsText = (text: string): boolean => /^[A-Z…“]/.test(text) && /[a-z]{2}.* |.* [a-z]{2}/i.test(text) && !code.test(text)

const textOf = (node: Node): string | null => {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type === 'JSXText') return String(node.value)
  if (node.type !== 'TemplateLiteral') return null
  return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('…')
}

/** Everything in one source file that a person may come to read, in the order of its lines. `language`: `ts` or `tsx`. */
export const sentencesOf = (source: string, language: 'ts' | 'tsx'): Sentence[] => {
  const found: Sentence[] = []
  const visit = (node: Node): void => {
    if (node.type === 'ImportDeclaration' || node.type.startsWith('TS')) return
    const text = textOf(node)?.replace(/\s+/g, ' ').trim()
    if (text !== undefined && readsAsText(text)) found.push({ line: source.slice(0, node.start).split('\n').length, text })
    for (const value of Object.values(node)) for (const child of [value].flat()) if (isNode(child)) visit(child)
  }
  visit(parseAst(source, { lang: language }) as unknown as Node)
  return found
}
