import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '@/lib/playground/setup.mjs'

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8')
const document = read('SECURITY.md')
const states = ['holds', 'by design', 'partly', 'open']

interface Line {
  requirements: string
  state: string
  proof: string
}

const linesOf = (text: string): Line[] =>
  text
    .split('## OWASP')[1]!
    .split('Not asked here')[0]!
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => {
      const [, requirements, , state, proof] = line.split('|').map((cell) => cell.trim())
      return { requirements: requirements!, state: state!, proof: proof! }
    })

const namedAsOpen = (text: string): Set<string> =>
  new Set(
    [
      ...text
        .split('## What does not hold')[1]!
        .split('## OWASP')[0]!
        .matchAll(/^- \*\*([^*]+)\*\*/gm),
    ].map(([, name]) => name!),
  )

/** Why what a line claims cannot be so. */
const faultsOf = ({ requirements, state, proof }: Line, open: ReadonlySet<string>): string[] => {
  const no = (because: string) => `${requirements}: ${because}`
  const tests = [...proof.matchAll(/`([^`]+\.(?:test|spec)\.tsx?)` “([^”]+)”/g)]
  const faults = tests.flatMap(([, path, name]) => {
    if (!existsSync(join(projectRoot, path!))) return [no(`there is no ${path}`)]
    return read(path!).includes(name!) ? [] : [no(`${path} has no test “${name}”`)]
  })
  if (!states.includes(state)) faults.push(no(`${state} is no state`))
  if (state === 'holds' && tests.length === 0) faults.push(no('holds without a test'))
  if (state === 'by design' && proof === '') faults.push(no('says not where to look'))
  const isOpen = state === 'open' || state === 'partly'
  if (isOpen !== open.has(requirements)) faults.push(no(isOpen ? 'is not named as open' : 'is named as open'))
  return faults
}

test('every line of SECURITY.md names tests that exist, and none that does not hold is left unnamed', () => {
  const lines = linesOf(document)
  expect(lines.length).toBeGreaterThan(80)
  expect(lines.flatMap((line) => faultsOf(line, namedAsOpen(document)))).toEqual([])
})

test('no requirement stands twice, and each chapter has its own', () => {
  const numbers = linesOf(document).flatMap(({ requirements }) => requirements.split(/, /))
  expect(numbers.filter((one, index) => numbers.indexOf(one) !== index)).toEqual([])
  expect([...new Set(numbers.map((one) => Number(one.split('.')[0])))]).toEqual(Array.from({ length: 14 }, (_, index) => index + 1))
})

test.each([
  { requirements: '9.9.9', state: 'holds', proof: '' },
  { requirements: '9.9.9', state: 'holds', proof: '`lib/no/such.test.ts` “a test”' },
  { requirements: '9.9.9', state: 'holds', proof: '`lib/env.test.ts` “no test of this name”' },
  { requirements: '9.9.9', state: 'open', proof: 'not made' },
  { requirements: '9.9.9', state: 'done', proof: 'sure' },
])('a line such as %o is found out', (line) => expect(faultsOf(line, new Set())).not.toEqual([]))

test('every path that SECURITY.md names exists', () => {
  const paths = [...document.matchAll(/`([\w@.-]+\/[\w@()[\]./-]*\w|[A-Za-z.-]+\.(?:md|json|yml|ts))`/g)].map(([, path]) => path!)
  expect(paths.length).toBeGreaterThan(80)
  expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([])
})
