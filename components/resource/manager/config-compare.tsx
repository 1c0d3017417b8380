import { Button, LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Differences } from '@/components/ui/differences'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import type { ConfigChange } from '@/lib/domain/managers/config-history'

interface Props {
  here: string
  versions: readonly { id: string; firstSeenAt: string }[]
  from: string
  to: string
  changes: readonly ConfigChange[]
  /** The way back to `from`; null: it is the newest, or this person may not. `href` null: nothing to write, or too long for an address. */
  back: { at: string; href: string | null; settings: string; left: readonly string[] } | null
}

const shown = (value: ConfigChange['from']): string => {
  if (value === null) return 'not set'
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join('\n')
  return JSON.stringify(value, null, 2)
}
const cell = (value: ConfigChange['from']) => <span className="whitespace-pre-wrap break-words font-mono">{shown(value)}</span>

/** A long name may be broken after its dots and underscores. */
const breakable = (name: string): string => name.replaceAll(/[._]/g, '$&\u200b')

/** As a date and time in UTC, since an option holds text alone. */
const said = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`

/** What two versions differ by, and the plan that goes back to the older one. */
export const ConfigCompare = ({ here, versions, from, to, changes, back }: Props) => (
  <Card
    title="Compare"
    actions={
      back?.href && (
        <LinkButton isSmall href={back.href}>
          Roll back to <Moment at={back.at} />…
        </LinkButton>
      )
    }
  >
    {versions.length > 1 && (
      <form action={here} className="mb-3 flex flex-wrap items-end gap-2">
        {(
          [
            ['from', 'Version', from],
            ['to', 'Compared with', to],
          ] as const
        ).map(([name, label, chosen]) => (
          <label key={name} className="grid gap-1">
            {label}
            <select className="input" name={name} defaultValue={chosen}>
              {versions.map(({ id, firstSeenAt }, index) => (
                <option key={id} value={id}>
                  {said(firstSeenAt)}
                  {index === 0 ? ' (now)' : ''}
                </option>
              ))}
            </select>
          </label>
        ))}
        <Button type="submit">Compare</Button>
      </form>
    )}
    {back !== null && back.left.length > 0 && (
      <Note tone="warn" title="Not all of it can be rolled back here">
        {back.left.join(', ')}: it belongs to a pause, is not edited here, or holds something that is hidden. Use{' '}
        <code>patronictl edit-config</code>.
      </Note>
    )}
    {back !== null && back.href === null && back.settings !== '' && (
      <Note title="The way back is too long for an address">Open Edit Patroni’s configuration and paste the settings of that version.</Note>
    )}
    {versions.length === 1 ? (
      <p>There is one version so far.</p>
    ) : changes.length === 0 ? (
      <p>They are the same.</p>
    ) : (
      <Differences rows={changes.map(({ name, from: was, to: is }) => ({ field: breakable(name), before: cell(was), after: cell(is) }))} />
    )}
  </Card>
)
