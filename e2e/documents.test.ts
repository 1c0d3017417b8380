import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { helpOf, helpTopics } from '@/lib/cli/help'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { benches } from './bench/names'

/** What stands in backquotes in the documents beside the code: each must be a path, a command or a name that exists. */
const documents = ['ARCHITECTURE.md', 'CONTRIBUTING.md']

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8')
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: projectRoot, encoding: 'utf8' })
const sources = tracked
  .split('\n')
  .filter((file) => /\.tsx?$/.test(file) && !/\.(test|spec)\./.test(file) && existsSync(join(projectRoot, file)))
const words = new Set(sources.flatMap((file) => read(file).match(/[A-Za-z_][\w-]*/g) ?? []))

const isPath = (text: string): boolean => /^[\w@()[\].-]+\/[\w@()[\]./-]*$/.test(text) || /^\w+\.(md|json|ts|yaml|yml)$/.test(text)
const looksLikeFile = (word: string): boolean => word.includes('/') && !word.startsWith('-') && !/^\d+\/\d+$/.test(word)

/** Why this text names nothing; null: it does. */
const faultOf = (text: string): string | null => {
  if (isPath(text)) return existsSync(join(projectRoot, text)) ? null : 'no such path'
  const lost = text.split(' ').find((word) => looksLikeFile(word) && !existsSync(join(projectRoot, word)))
  if (lost) return `no such path: ${lost}`
  const [program, ...rest] = text.split(' ')
  if (program === 'npm') {
    const script = rest[0] === 'run' ? rest[1]! : rest[0]!
    if (!scripts.includes(script)) return 'no such script in package.json'
    return script === 'bench' && !(rest[3]! in benches) ? 'no such benchmark' : null
  }
  if (program === 'npx')
    return rest[0] !== 'matriarch' || rest.length < 2 || `${helpOf(undefined)} ${helpTopics.join(' ')}`.includes(rest[1]!)
      ? null
      : 'no such command'
  return /^[\w-]+(\.[\w-]+)*$/.test(text) && text.split('.').every((part) => words.has(part)) ? null : 'no such name in the code'
}

test.each(documents)('%s names only paths, commands and names that exist', (document) => {
  const named = [...read(document).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!)
  expect(named.length).toBeGreaterThan(20)
  expect(named.flatMap((text) => (faultOf(text) ? [`${text}: ${faultOf(text)}`] : []))).toEqual([])
})

test.each([
  'lib/kernel/nowhere.ts',
  'npm run nothing',
  'npm run bench -- nothing',
  'npx matriarch dance',
  'npx vitest run no/such.test.ts',
  'defineNothingAtAll',
])('a document that names `%s` is found out', (text) => expect(faultOf(text)).not.toBeNull())
