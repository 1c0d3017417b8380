import Link from 'next/link'
import { smallDollars as dollars } from '@/lib/domain/prices/month'
import type { LedgerLineShown, LedgerShown } from '@/lib/shapes/ledger'

const shownMax = 200
const hours = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })
const share = (saved: number, big: number): string => (big > 0 ? `${Math.round((100 * saved) / big)} %` : '')

interface Sum {
  id: string
  herd: string
  machines: Set<string>
  usd: number
  bigUsd: number
  unknownHours: number
}

const byHerd = (lines: readonly LedgerLineShown[]): Sum[] => {
  const sums = new Map<string, Sum>()
  for (const { herdId, herd, machine, usd, bigUsd, unknownHours } of lines) {
    const sum = sums.get(herdId) ?? { id: herdId, herd, machines: new Set(), usd: 0, bigUsd: 0, unknownHours: 0 }
    sum.machines.add(machine)
    sums.set(herdId, { ...sum, usd: sum.usd + usd, bigUsd: sum.bigUsd + bigUsd, unknownHours: sum.unknownHours + unknownHours })
  }
  return [...sums.values()].sort((a, b) => b.bigUsd - b.usd - (a.bigUsd - a.usd) || a.herd.localeCompare(b.herd))
}

/** What each herd saved. `href`: of the ledger of one herd. */
export const LedgerHerds = ({ lines, href }: { lines: readonly LedgerLineShown[]; href: (herdId: string) => string }) => {
  const sums = byHerd(lines)
  return (
    <Scrolls label="Table: savings by herd">
      <table className="sheet" data-density="dense">
        <thead>
          <tr>
            <th scope="col">Herd</th>
            <Heads of={['Machines', 'Cost', 'Staying large', 'Saved', 'Share', 'Unknown (h)']} />
          </tr>
        </thead>
        <tbody>
          {sums.slice(0, shownMax).map(({ id, herd, machines, usd, bigUsd, unknownHours }) => (
            <tr key={id}>
              <td>
                <Link href={href(id)}>{herd}</Link>
              </td>
              <Cells
                of={[
                  String(machines.size),
                  dollars(usd),
                  dollars(bigUsd),
                  dollars(bigUsd - usd),
                  share(bigUsd - usd, bigUsd),
                  hours(unknownHours),
                ]}
              />
            </tr>
          ))}
        </tbody>
      </table>
      <Rest count={sums.length} />
    </Scrolls>
  )
}

/** What each machine cost in each month, with its hours at each type. */
export const LedgerMembers = ({ lines }: { lines: LedgerShown['lines'] }) => (
  <Scrolls label="Table: savings by member and month">
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">Month</th>
          <th scope="col">Hours at each type</th>
          <Heads of={['Cost', 'Staying large', 'Saved', 'Unknown (h)', 'No price (h)']} />
        </tr>
      </thead>
      <tbody>
        {lines.slice(0, shownMax).map((line) => (
          <tr key={`${line.machine} ${line.herdId} ${line.memberId} ${line.month}`}>
            <td>{line.memberId === null ? line.machine : <Link href={`/instances/${line.memberId}`}>{line.member}</Link>}</td>
            <td className="whitespace-nowrap">{line.month}</td>
            <td>{line.types.map(({ type, hours: count }) => `${type} ${hours(count)}`).join(', ')}</td>
            <Cells
              of={[dollars(line.usd), dollars(line.bigUsd), dollars(line.savedUsd), hours(line.unknownHours), hours(line.unpricedHours)]}
            />
          </tr>
        ))}
      </tbody>
    </table>
    <Rest count={lines.length} />
  </Scrolls>
)

const Scrolls = ({ label, children }: { label: string; children: React.ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="overflow-x-auto" tabIndex={0} aria-label={label}>
    {children}
  </section>
)

const Heads = ({ of }: { of: readonly string[] }) =>
  of.map((label) => (
    <th key={label} scope="col" className="n">
      {label}
    </th>
  ))

const Cells = ({ of }: { of: readonly string[] }) =>
  of.map((text, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: columns stay in their order.
    <td key={index} className="n whitespace-nowrap">
      {text}
    </td>
  ))

const Rest = ({ count }: { count: number }) =>
  count > shownMax ? <p className="text-ink-2">{count - shownMax} more that saved less are not shown; the CSV has all of them.</p> : null
