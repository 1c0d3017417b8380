import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { resources } from '.'

const words = resources.flatMap(({ name, path }) => [name, path]).join('|')
const left = String.raw`(?:\b(?:resource|resourceName|path|described)|\.(?:name|path))`
const specialCase = new RegExp(
  String.raw`${left}\s*[!=]==?\s*['"](?:${words})['"]|switch\s*\(\s*\w*\.?(?:resource|resource\.name|path)\s*\)`,
)

const specialCases = (source: string): string[] => source.split('\n').filter((line) => specialCase.test(line))

test('a test of a resource’s name or path is found', () => {
  for (const line of [
    "if (resource.name === 'herd')",
    "{path === 'audit' && <Verify />}",
    "resource !== 'server'",
    'switch (resource.name) {',
    "if (described.resource.name==='environment')",
  ])
    expect(specialCases(line)).toEqual([line])
  expect(specialCases("if (resource.name === 'flock') || state === 'run'")).toEqual([])
})

test('what belongs to one resource is in its declaration or in a map from its name, nowhere behind a test of it', () => {
  const sources = ['app', 'components', 'db', 'jobs', 'lib']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`))
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
  expect(sources.length).toBeGreaterThan(500)
  const found = sources.flatMap((file) => specialCases(readFileSync(file, 'utf8')).map((line) => `${file}: ${line.trim()}`))
  expect(found).toEqual([])
})
