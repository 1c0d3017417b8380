import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '@/e2e/harness/cli'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { exitCodes } from '../exit-codes'

let cloud: RunningCloud
let home: string

beforeAll(async () => {
  cloud = await startCloud()
  home = mkdtempSync(join(tmpdir(), 'mspot-'))
})
afterAll(async () => {
  await cloud?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** Without a login: neither a console nor a token is known. */
const spot = (args: string[], feeds = cloud.endpoint) =>
  runCli({ url: '', token: '', home }, ['spot', ...args], { environment: { MATRIARCH_PRICE_FEEDS: feeds } })

test('prices are read from the public documents without a login, in every region and ordered by the strategy', async () => {
  const { code, out, err } = await spot([
    '--check-price',
    '--cpu-min',
    '4',
    '--ram-min',
    '16',
    '--selection-strategy',
    'cheapest',
    '-o',
    'json',
    '--limit',
    '500',
  ])
  expect(code, err).toBe(exitCodes.done)
  const answer = JSON.parse(out)
  const prices: number[] = answer.offers.map((one: { spotUsd: number }) => one.spotUsd)
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect(new Set(answer.offers.map((one: { region: string }) => one.region)).size).toBe(6)
  expect(answer.offers.every((one: { vcpus: number; memoryGib: number }) => one.vcpus >= 4 && one.memoryGib >= 16)).toBe(true)
  expect(answer.fittingTypes + answer.unfit.length).toBe(181)
  expect(answer.comparison.spot.hourUsd).toBe(prices[0])
  // Regions that the twin does not have are named, and hold nothing up.
  expect(err).toMatch(/^Not known: on-demand af-south-1, .*answered 403\.\n$/)
})

test('a table, CSV and the reasons of what does not fit come of the same answer', async () => {
  const table = await spot(['--check-price', '--region', 'us-east-1', '--cpu-min', '64', '--cpu-arch', 'arm', '--unfit'])
  expect(table.code, table.err).toBe(exitCodes.done)
  expect(table.out).toMatch(/^REGION +ZONE +TYPE/)
  expect(table.out).toMatch(/m5\.large +x86_64, not arm64; 2 vCPUs, fewer than 64/)
  const csv = await spot(['--check-price', '--region', 'us-east-1', '--limit', '2', '-o', 'csv'])
  expect(csv.out.split('\r\n')[0]).toBe(
    'region,zone,type,architecture,vcpus,memoryGib,localStorageGb,spotUsd,onDemandUsd,savingPercent,evictionMaxPercent,score',
  )
  expect(csv.out.trimEnd().split('\r\n')).toHaveLength(3)
})

test('where no document can be had the sample is shown with its date, and no spot price is made up', async () => {
  const silent = createServer((_request, response) => response.writeHead(200).end('<html>maintenance</html>'))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { code, out, err } = await spot(
    ['--check-price', '--region', 'us-east-1', '--cpu-min', '4'],
    `http://127.0.0.1:${(silent.address() as { port: number }).port}`,
  )
  silent.close()
  expect(code).toBe(exitCodes.done)
  expect(err).toContain('is not the document it was')
  expect(err).toContain('this is the sample')
  expect(out).toContain('the console’s sample of 2026-09, not a price of today')
  expect(out).toContain('spot: not known')
  const offline = await spot(['--check-price', '--region', 'us-east-1', '--cpu-min', '4', '--offline'], 'http://127.0.0.1:9')
  expect(offline.err).toBe('')
  expect(offline.out).toBe(out)
})

test('nothing that fits, and a flag that makes no sense, have their own exit codes and say which', async () => {
  const none = await spot(['--check-price', '--cpu-min', '4000', '--region', 'us-east-1'])
  expect(none.code).toBe(exitCodes.refused)
  expect(none.out).toContain('vCPUs, fewer than 4000')
  for (const [args, says] of [
    [['--check-price', '--selection-strategy', 'best'], '--selection-strategy: Write one of balanced'],
    [['--check-price', '--cpu-min', '8', '--cpu-max', '4'], '--cpu-max: Write at least 8'],
    [['--check-price', '--zones', 'a'], '--zones is not an option'],
    [[], 'Say what to do'],
  ] as const) {
    const { code, err } = await spot([...args])
    expect([code, err.includes(says)], err).toEqual([exitCodes.usage, true])
  }
  expect((await spot(['--list-strategies'])).out).toContain('balanced')
})

test('a manifest is checked key by key without a console, and an unknown key ends it with the code of a refusal', async () => {
  const check = (text: string) => spot(['--check-manifest', '--manifest', text])
  const fine = await check('instance_name: shop\nregion: eu-north-1\nvm: { cpu_min: 2, stripes: 3 }')
  expect(fine.code, fine.err).toBe(exitCodes.done)
  expect(fine.out).toMatch(/vm\.cpu_min +taken +vcpusMin = 2\n/)
  expect(fine.out).toMatch(/vm\.stripes +kept, no effect/)
  const wrong = await check('PGSO_INSTANCE_NAME=shop PGSO_CPU_MNI=2')
  expect(wrong.code).toBe(exitCodes.refused)
  expect(wrong.out).toContain('Did you mean PGSO_CPU_MIN?')
  expect((await check('a: [')).code).toBe(exitCodes.usage)
})
