import { ensurePackages } from '@/lib/playground/machine/packages.mjs'
import { benches, isBenchName } from './names'

/**
 * `npm run bench -- NAME [ARGS]`: runs one benchmark against its named peers in the same run, prints its table, and as the last line one JSON object.
 * Ratios are ours over the best peer; above 1 is better.
 */
const [name, ...args] = process.argv.slice(2)

if (!name || !isBenchName(name) || args.includes('--help')) {
  console.error(
    `Usage: npm run bench -- NAME [ARGS]\n\n${Object.entries(benches)
      .map(([key, meaning]) => `  ${key.padEnd(10)} ${meaning}`)
      .join('\n')}`,
  )
  process.exit(2)
}

// `npm start` itself is measured with what it installs.
if (name !== 'start') await ensurePackages('bench')
const { bench } = (await import(`./${name}.ts`)) as { bench: (args: string[]) => Promise<{ bench: string; ratio: number; peer: string }> }
const result = await bench(args)
console.log(JSON.stringify(result))
process.exit(0)
