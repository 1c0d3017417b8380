import { expect, test } from 'vitest'
import { sentencesOf } from './in-code'

test('sentences are found in strings, templates and pages, with what is filled in shown as a gap', () => {
  const source = `import { a } from 'Some where else'
const why = \`\${name} does not answer.\`
const no = 'grid gap-2'
const sql = 'SELECT one of them'
const said = { because: 'The host does not answer.' }
const page = <p title="Read this first">Nothing has run.</p>
`
  expect(sentencesOf(source, 'tsx')).toEqual([
    { line: 2, text: '… does not answer.' },
    { line: 5, text: 'The host does not answer.' },
    { line: 6, text: 'Read this first' },
    { line: 6, text: 'Nothing has run.' },
  ])
})
