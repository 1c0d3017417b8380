import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, markOf, readMark } from '../machine/processes'

/** What one state folder keeps between starts; mode 0600. */
export interface Secrets {
  authSecret: string
  vaultKey: string
  adminPassword: string
}

/** Reads the folder's secrets, making them at the first start. */
export const ensureSecrets = (stateDirectory: string): Secrets => {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o755 })
  const file = join(stateDirectory, 'secrets.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets
  const secrets: Secrets = {
    authSecret: randomBytes(48).toString('base64'),
    vaultKey: randomBytes(32).toString('base64'),
    adminPassword: randomBytes(12).toString('base64url'),
  }
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
  return secrets
}

/** One starter per state folder. Throws, naming the process, when another living one has it. */
export const claimState = (stateDirectory: string): void => {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o755 })
  const file = join(stateDirectory, 'starter')
  const other = readMark(file)
  if (isRunning(other) && other.pid !== process.pid)
    throw new Error(
      `Matriarch already runs from this folder (process ${other.pid}). Stop it with Ctrl-C there, or set MATRIARCH_STATE to another folder.`,
    )
  const own = markOf(process.pid)
  writeFileSync(file, `${own?.pid} ${own?.startTicks}\n`)
}
