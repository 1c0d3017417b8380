import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Layout } from './layout'
import { mustRun } from './processes'

/** Passwords of the lab's database roles and of its directory; made once for a state folder, random. */
export type LabSecrets = {
  replicator: string
  app: string
  directoryService: string
  people: Record<string, string>
  /** Base64; of the key that names are changed with. */
  nameKey?: string
  /** Of its cluster of Patroni: the superuser’s, and the REST API’s. */
  patroni?: { superuser: string; rest: string }
}

export function newPassword(): string {
  return randomBytes(9).toString('base64url')
}

export function readSecrets(layout: Layout): LabSecrets {
  const path = layout.at('secrets.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as LabSecrets
  const secrets: LabSecrets = { replicator: newPassword(), app: newPassword(), directoryService: newPassword(), people: {} }
  writeSecrets(layout, secrets)
  return secrets
}

export function writeSecrets(layout: Layout, secrets: LabSecrets): void {
  writeFileSync(layout.at('secrets.json'), JSON.stringify(secrets, null, 2), { mode: 0o600 })
}

/** The lab's own key pair, for `ssh` from the lab; the console has its own. */
export async function labKey(layout: Layout): Promise<{ privateKeyFile: string; publicKey: string }> {
  const privateKeyFile = layout.at('lab_key')
  if (!existsSync(privateKeyFile)) await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', privateKeyFile])
  return { privateKeyFile, publicKey: readFileSync(`${privateKeyFile}.pub`, 'utf8').trim() }
}
