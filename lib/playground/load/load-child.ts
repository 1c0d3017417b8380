import { readFileSync } from 'node:fs'
import { type LoadOptions, type Target, verifyLedger, writeLoad } from './load'
import { runShop } from './shop'

/** Runs in the lab's network; its standard input is one order in JSON. TERM ends the writing. */
type Order =
  | { verb: 'write'; options: Omit<LoadOptions, 'signal'> }
  | { verb: 'verify'; target: Target; ledgerFile: string }
  | { verb: 'shop'; targets: Target[] }

async function main(): Promise<void> {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  process.on('SIGINT', () => {}) // A terminal sends Ctrl-C to everybody; the parent decides.
  const order = JSON.parse(readFileSync(0, 'utf8')) as Order
  if (order.verb === 'shop') return runShop(order.targets, stop.signal, (line) => console.log(`${new Date().toISOString()} ${line}`))
  const answer =
    order.verb === 'write' ? await writeLoad({ ...order.options, signal: stop.signal }) : await verifyLedger(order.target, order.ledgerFile)
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

main().then(
  () => process.exit(0),
  (fault: Error) => {
    process.stderr.write(`${fault.message}\n`)
    process.exit(1)
  },
)
