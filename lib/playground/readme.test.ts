import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { environmentTable } from '@/lib/env'
import { projectRoot } from './setup.mjs'

/** The README's table, as it has to read. Paste what the failing test prints. */
const table = () =>
  [
    '| variable | default | meaning |',
    '|---|---|---|',
    ...environmentTable().map((row) => `| \`${row.name}\` | ${row.fallback ? `\`${row.fallback}\`` : ''} | ${row.meaning} |`),
  ].join('\n')

test('the README names every variable with its default and meaning', () => {
  expect(readFileSync(join(projectRoot, 'README.md'), 'utf8')).toContain(table())
})
