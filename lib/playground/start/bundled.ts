import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildSync } from 'esbuild'
import { projectRoot } from '../setup.mjs'

const folder = join(projectRoot, '.matriarch/bundled')
const made = new Map<string, string>()

/** One file of our own code, packages left where they are; inside the project, so that they are found. Written only when it differs, and whole or not at all: others start from it. */
const bundle = (program: string): string => {
  const { outputFiles } = buildSync({
    entryPoints: [join(projectRoot, program)],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    tsconfig: join(projectRoot, 'tsconfig.json'),
    write: false,
  })
  const text = outputFiles[0]!.text
  const path = join(folder, `${program.replaceAll('/', '-').slice(0, -'.ts'.length)}.mjs`)
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return path
  mkdirSync(folder, { recursive: true })
  const part = join(folder, `.${process.pid}-${basename(path)}`)
  writeFileSync(part, text)
  renameSync(part, path)
  return path
}

/**
 * The command of a program of ours, `program` from the project's root, as one file: it starts in a third of the time that Node needs with tsx for its 260. The
 * program must not ask where it lies (`import.meta`). Made once a process.
 */
export const bundled = (program: string): [string, string] => {
  const path = made.get(program) ?? bundle(program)
  made.set(program, path)
  return [process.execPath, path]
}
