import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { largeDefault, seedLarge } from '@/db/seed-large'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { ensureBuild, projectRoot } from '@/lib/playground/setup.mjs'
import { startEmbedded } from '@/lib/playground/start/embedded'
import type { LoadAnswer, LoadOrder } from './lists-load'
import { ensureDjango, type Peer, startConsole, startDjango } from './lists-servers'

const run = promisify(execFile)
const connections = 8
const rounds = 3
/** Of every view, before the first figure: a page is compiled while it is first asked for, and that must not fall on one view. */
const warmSeconds = 2
const password = 'bench-password-of-many-letters'

/** The same rows on both sides. Words and pages change from request to request, so that no side answers from one remembered page. */
interface View {
  name: string
  /** The list. Default: instances. */
  of?: 'herds'
  ours: string[]
  theirs: string[]
}

const searchWords = ['orders0', 'billing1', 'ledger0', 'catalog1', 'stock0', 'mail1', 'fra-db01', 'nyc-db02', 'identity', 'db00123']
const deepPages = Array.from({ length: 20 }, (_, index) => 490 + index)

const viewsOf = (prod: string): View[] => [
  { name: 'page 1', ours: ['per=100'], theirs: [''] },
  {
    name: 'a filter',
    ours: ['per=100&state=stopped', 'per=100&state=unreachable'],
    theirs: ['state__exact=stopped', 'state__exact=unreachable'],
  },
  { name: 'a search', ours: searchWords.map((word) => `per=100&q=${word}`), theirs: searchWords.map((word) => `q=${word}`) },
  { name: 'sort by lag', ours: ['per=100&sort=-lagBytes'], theirs: ['o=-7'] },
  { name: 'page 500', ours: deepPages.map((page) => `per=100&page=${page}`), theirs: deepPages.map((page) => `p=${page}`) },
  {
    name: 'environment + role',
    ours: [`per=100&environmentId=${prod}&role=standby`],
    theirs: [`environment__id__exact=${prod}&role__exact=standby`],
  },
  { name: 'herds, page 1', of: 'herds', ours: ['per=100'], theirs: [''] },
  { name: 'herds by size', of: 'herds', ours: ['per=100&sort=-sizeBytes'], theirs: ['o=-8'] },
  {
    name: 'herds, a filter',
    of: 'herds',
    ours: ['per=100&state=degraded', 'per=100&state=healthy'],
    theirs: ['state__exact=degraded', 'state__exact=healthy'],
  },
]

const measure = async (peer: Peer, paths: string[], seconds: number): Promise<LoadAnswer> => {
  const order: LoadOrder = { origins: peer.origins, paths, cookie: peer.cookie, connections, seconds }
  const { stdout } = await run(process.execPath, ['--import', 'tsx', join(projectRoot, 'e2e/bench/lists-load.ts'), JSON.stringify(order)], {
    cwd: projectRoot,
  })
  return JSON.parse(stdout) as LoadAnswer
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const geometricMean = (values: number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
const rounded = (value: number): number => Number(value.toPrecision(3))

interface Line {
  view: string
  /** Whole pages a second. */
  ours: number
  theirs: number
  /** The rows alone with their counts, as a click on a filter, a header or a page number asks for them. */
  rows: number
  ratio: number
  rowsRatio: number
  p95Ms: number
  rowsP95Ms: number
  theirP95Ms: number
}

/**
 * List pages a second over 100,000 instances, 8 connections, two server processes each, against Django admin on the same tables. Both sides are
 * warmed alike, rounds are interleaved and medians quoted. `--seconds N` sets how long each measurement takes (default 4), `--herds N` how many herds the
 * instances are of (default 2,000).
 */
export const bench = async (args: string[]) => {
  const numberOf = (name: string, otherwise: number) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise)
  const seconds = numberOf('--seconds', 4)
  const counts = { ...largeDefault, herds: numberOf('--herds', largeDefault.herds) }
  const version = await ensureDjango()
  console.log('  building the console')
  await ensureBuild()
  const folder = await mkdtemp(join(tmpdir(), 'mlists-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const postgres = await startEmbedded(folder)
    stops.unshift(postgres.stop)
    console.log(
      `  seeding ${counts.instances} instances, ${counts.herds} herds, ${counts.servers} servers into PostgreSQL ${postgres.version}`,
    )
    await migrate(postgres.connectionString)
    setDatabase(postgres.connectionString)
    await seedLarge(counts)
    await ensureLocalAdmin('admin', password)
    await getPool().query('vacuum analyze')
    const prod = (await getPool().query("select id from environments where name = 'prod'")).rows[0].id as string
    await closeDb()
    console.log(`  starting two web processes, and Django ${version} under gunicorn with two workers`)
    const django = await startDjango(postgres.connectionString, password)
    stops.unshift(django.stop)
    const ours = await startConsole(postgres.connectionString, password)
    stops.unshift(ours.stop)

    const views = viewsOf(prod).map(({ name, of = 'instances', ours, theirs }) => ({
      name,
      page: ours.map((query) => `/${of}?${query}`),
      rows: ours.map((query) => `/api/rows/${of}?${query}&facets=1`),
      theirs: theirs.map((query) => `/admin/fleet/${of === 'herds' ? 'herdfacts' : 'instance'}/?${query}`),
    }))
    const warm = async (view: (typeof views)[number], each: number) => {
      await measure(ours, view.page, each)
      await measure(ours, view.rows, each)
      await measure(django, view.theirs, each)
    }
    for (const view of views) await warm(view, warmSeconds)

    const lines: Line[] = []
    for (const view of views) {
      await warm(view, 1)
      const seen: { page: LoadAnswer; rows: LoadAnswer; theirs: LoadAnswer }[] = []
      for (let round = 0; round < rounds; round++)
        seen.push({
          theirs: await measure(django, view.theirs, seconds),
          page: await measure(ours, view.page, seconds),
          rows: await measure(ours, view.rows, seconds),
        })
      const of = (pick: (one: (typeof seen)[number]) => number) => rounded(median(seen.map(pick)))
      const line: Line = {
        view: view.name,
        ours: of((one) => one.page.perSecond),
        rows: of((one) => one.rows.perSecond),
        theirs: of((one) => one.theirs.perSecond),
        ratio: of((one) => one.page.perSecond / one.theirs.perSecond),
        rowsRatio: of((one) => one.rows.perSecond / one.theirs.perSecond),
        p95Ms: of((one) => one.page.p95Ms),
        rowsP95Ms: of((one) => one.rows.p95Ms),
        theirP95Ms: of((one) => one.theirs.p95Ms),
      }
      lines.push(line)
      console.log(`  ${view.name.padEnd(20)} ours ${line.ours}/s, rows ${line.rows}/s, Django ${line.theirs}/s`)
    }
    console.table(lines)
    return {
      bench: 'lists',
      ratio: rounded(geometricMean(lines.map((line) => line.ratio))),
      rowsRatio: rounded(geometricMean(lines.map((line) => line.rowsRatio))),
      lowestRatio: Math.min(...lines.map((line) => line.ratio)),
      p95Ms: Math.max(...lines.map((line) => line.p95Ms)),
      peer: `Django admin ${version}, gunicorn, 2 workers`,
      views: lines,
    }
  } finally {
    await closeDb()
    for (const stop of stops) await stop()
  }
}
