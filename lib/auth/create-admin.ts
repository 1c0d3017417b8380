import { text } from 'node:stream/consumers'
import { closeDb } from '@/db/pg/client'
import { ensureLocalAdmin } from './bootstrap'

/** Makes the first administrator of an installation: `node --import tsx lib/auth/create-admin.ts NAME < file-with-the-password`. */
const [userName] = process.argv.slice(2)
if (!userName) {
  console.error('Usage: node --import tsx lib/auth/create-admin.ts NAME < FILE_WITH_THE_PASSWORD')
  process.exit(2)
}
const isNew = await ensureLocalAdmin(userName, (await text(process.stdin)).trim())
console.log(isNew ? `${userName} may sign in now.` : `There is a ${userName} already; nothing was changed.`)
await closeDb()
