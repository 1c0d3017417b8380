import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What is installed on this machine. Plain JavaScript: it is asked before the npm packages are there. */

/** Where administrators' programs live, though a plain user's PATH often leaves it out. */
export const searchPath = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin']

export function findProgram(name) {
  return searchPath.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

export function installedMajors() {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  return readdirSync(root)
    .filter((name) => /^\d+$/.test(name) && existsSync(`${root}/${name}/bin/postgres`))
    .map(Number)
    .sort((a, b) => b - a)
}

const inherited = ['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR', 'DEBIAN_FRONTEND']

/**
 * What a command of the lab sees: the administrators' folders on PATH and a few harmless variables of the caller. Nothing else, so that
 * neither a secret nor a setting of the console reaches a host or another process of the lab by accident.
 */
export function commandEnvironment() {
  const kept = Object.fromEntries(inherited.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined))
  return { ...kept, PATH: [...new Set(searchPath)].filter(Boolean).join(delimiter) }
}

export const collect = (file, args, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece) => {
        output += piece
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
