import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@/lib/playground/setup.mjs'

const readJson = (name: string) => JSON.parse(readFileSync(join(projectRoot, name), 'utf8'))

/**
 * The bill of materials (CycloneDX, JSON) of what is shipped. Asked to leave tools out, `npm sbom` also leaves out what tools and console share, such as the
 * parts of node-postgres: so it is asked about a project that has no tools.
 */
export const makeSbom = (): string => {
  const own = readJson('package.json')
  const lock = readJson('package-lock.json')
  delete own.devDependencies
  delete lock.packages[''].devDependencies
  for (const [path, { dev }] of Object.entries(lock.packages as Record<string, { dev?: true }>)) if (dev) delete lock.packages[path]
  const folder = mkdtempSync(join(tmpdir(), 'msbom-'))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only']
    return execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1]?.endsWith('sbom.ts')) process.stdout.write(makeSbom())
