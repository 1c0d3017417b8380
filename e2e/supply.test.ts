import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { makeSbom } from './sbom'

interface Locked {
  name?: string
  version?: string
  license?: string
  dev?: boolean
  link?: boolean
}

const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
const packages = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, of]) => ({ ...of, name: of.name ?? path.split('node_modules/').at(-1)! }))

/** May be part of what is shipped under Apache-2.0: they ask for their notice at most. */
const shipped = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0', 'Unlicense', 'PostgreSQL']
/** Of tools that build and test, and are shipped to nobody. */
const tools = [...shipped, 'BlueOak-1.0.0', 'MIT OR Apache-2.0', 'MPL-2.0']
/** Read one by one: a licence of another kind that is met, or one that the package's own file says and the lock file does not. */
const looked: Readonly<Record<string, string>> = {
  'caniuse-lite': 'CC-BY-4.0: data about browsers, named in its package; read while building',
  '@img/sharp-*': 'LGPL-3.0-or-later: libvips as a library of its own, optional, left out of the image',
  ssh2: 'MIT, said in the older form of package.json',
  buildcheck: 'MIT, said in the older form of package.json',
  'cpu-features': 'MIT, said in the older form of package.json',
  precond: 'MIT, said in its README',
}
const isLooked = (name: string): boolean => Object.hasOwn(looked, name) || /^@img\/sharp-/.test(name)

test('no package has a licence that nobody has looked at', () => {
  const unknown = packages.filter(({ name, license, dev }) => !isLooked(name) && !(dev ? tools : shipped).includes(license ?? ''))
  expect(unknown.map(({ name, license }) => `${name}: ${license ?? 'says none'}`)).toEqual([])
  const names = new Set(packages.map(({ name }) => name))
  expect(
    Object.keys(looked).filter((name) => !name.endsWith('*') && !names.has(name)),
    'looked at, and used no more',
  ).toEqual([])
})

test('the lock file holds a digest of every package and names no place to fetch it from', () => {
  const text = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')
  expect(text).not.toMatch(/"resolved"/)
  const without = Object.entries(lock.packages).filter(
    ([path, of]) => path !== '' && !of.link && !(of as { integrity?: string }).integrity && !(of as { inBundle?: boolean }).inBundle,
  )
  expect(without.map(([path]) => path)).toEqual([])
})

test('the bill of materials names every package that is shipped, with its version, licence and digest', () => {
  const bill = JSON.parse(makeSbom()) as {
    bomFormat: string
    components: { name: string; version: string; purl: string; hashes?: unknown[]; licenses?: unknown[] }[]
  }
  expect(bill.bomFormat).toBe('CycloneDX')
  const listed = new Map(bill.components.map((part) => [`${part.name}@${part.version}`, part]))
  const wanted = packages.filter(({ dev }) => !dev)
  expect(wanted.map(({ name, version }) => `${name}@${version}`).filter((one) => !listed.has(one))).toEqual([])
  expect(wanted.length).toBeGreaterThan(100)
  const bare = bill.components.filter(
    ({ purl, hashes, name, licenses }) => !purl || !hashes?.length || !(licenses?.length || isLooked(name)),
  )
  expect(bare.map(({ name }) => name)).toEqual([])
})
