import { migrate } from '@/db/migrate'
import { closeDb } from '@/db/pg/client'
import { env } from '@/lib/env'
import { closeQueue, migrateQueue } from './queue/location'

/**
 * `npm run migrate`, as the owner of the console’s database: the schema, the queue’s own tables where it lives there too, and the logins of web and worker
 * with their rights. Safe to run again, also while the console runs.
 */
const main = async (): Promise<void> => {
  const { DATABASE_URL, WEB_DATABASE_PASSWORD, WORKER_DATABASE_PASSWORD } = env()
  await migrateQueue()
  const names = await migrate(DATABASE_URL, {
    ...(WEB_DATABASE_PASSWORD ? { web: WEB_DATABASE_PASSWORD } : {}),
    ...(WORKER_DATABASE_PASSWORD ? { worker: WORKER_DATABASE_PASSWORD } : {}),
  })
  for (const login of ['web', 'worker'] as const)
    console.log(
      names[login]
        ? `The ${login}’s login is ${names[login]}.`
        : `The ${login} has no login of its own, and this one may not create roles. Let an administrator of the database run: create role <owner>_${login} login password '…'; where <owner> is the owner of its tables. Then migrate again.`,
    )
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await closeQueue()
  await closeDb()
}
