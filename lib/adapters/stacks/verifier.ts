import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** PostgreSQL's default (scram_iterations). */
const iterations = 4096
const saltBytes = 16

/** What PostgreSQL keeps of a password for SCRAM-SHA-256; it takes it in place of the password. Source: RFC 5803; PostgreSQL, pg_authid. */
export const scramVerifier = (password: string): string => {
  const salt = randomBytes(saltBytes)
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const key = (name: string) => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`
}
