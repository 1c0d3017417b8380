import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

const iterations = 4_096

/** A password that nobody types. */
export const newPassword = (): string => randomBytes(24).toString('base64url')

/** As PostgreSQL keeps it (`SCRAM-SHA-256$…`), so that the password itself never goes into a statement. */
export const scramVerifier = (password: string, salt = randomBytes(16)): string => {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const mac = (words: string) => createHmac('sha256', salted).update(words).digest()
  const stored = createHash('sha256').update(mac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${mac('Server Key').toString('base64')}`
}
