import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { migrate } from './migrate'

let folder: string
let server: Awaited<ReturnType<typeof startEmbedded>>
let client: pg.Client
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mdb-'))
  server = await startEmbedded(folder)
  client = new pg.Client({ connectionString: server.connectionString })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a database of the chain before the baseline is refused with what to do, and left as it is; one of the baseline is brought up to date', async () => {
  // What drizzle keeps, as the first migration of that chain left it.
  await client.query('create schema drizzle')
  await client.query('create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)')
  await client.query(`insert into drizzle.__drizzle_migrations (hash, created_at) values ('first', 1)`)
  await client.query('create table public.herds (id integer)')
  const tables = async () => (await client.query(`select table_name from information_schema.tables where table_schema = 'public'`)).rows
  await expect(migrate(server.connectionString)).rejects.toThrow(
    /made by an earlier development version.*remove the state folder.*drop the database/,
  )
  expect(await tables()).toEqual([{ table_name: 'herds' }])

  await client.query('drop schema drizzle cascade; drop table public.herds')
  await migrate(server.connectionString)
  await migrate(server.connectionString)
  expect((await tables()).length).toBeGreaterThan(20)
})
