import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { type TimelineQuery, timelineKindNames, timelineKinds } from '@/lib/shapes/timeline'

const ranges = { '12 hours': 12, '24 hours': 24, '7 days': 168, '30 days': 720 } as const
const minute = (at: string): string => at.slice(0, 16)

/** Sends its fields as the page's address. `now`: of the page, for the ranges up to it. */
export const TimelineFilter = ({
  query,
  problems,
  here,
  now,
}: {
  query: TimelineQuery
  problems: Readonly<Record<string, string>>
  here: string
  now: string
}) => {
  const kept = new URLSearchParams([
    ...(query.kind.length > 0 ? [['kind', query.kind.join(',')]] : []),
    ...(query.person !== '' ? [['person', query.person]] : []),
  ])
  return (
    <>
      <form method="get" className="timeline-bar" key={JSON.stringify(query)}>
        <fieldset>
          <legend className="sr-only">Kinds; none: all</legend>
          {timelineKindNames.map((kind) => (
            <label key={kind}>
              <input type="checkbox" name="kind" value={kind} defaultChecked={query.kind.includes(kind)} /> {timelineKinds[kind]}
            </label>
          ))}
        </fieldset>
        <Field label="Person" error={problems.person}>
          {(ids) => <input {...ids} className="input" name="person" defaultValue={query.person} placeholder="anybody" autoComplete="off" />}
        </Field>
        <Field label="From (UTC)" error={problems.from}>
          {(ids) => <input {...ids} className="input" type="datetime-local" name="from" defaultValue={minute(query.from)} />}
        </Field>
        <Field label="To (UTC)" error={problems.to}>
          {(ids) => <input {...ids} className="input" type="datetime-local" name="to" defaultValue={minute(query.to)} />}
        </Field>
        <Button type="submit" variant="primary">
          Show
        </Button>
      </form>
      <p className="timeline-ranges">
        The last{' '}
        {Object.entries(ranges).map(([words, hours]) => (
          <Link
            key={words}
            prefetch={false}
            href={`${here}?${new URLSearchParams([...kept, ['from', minute(new Date(Date.parse(now) - hours * 3_600_000).toISOString())]])}`}
          >
            {words}
          </Link>
        ))}
        <Link prefetch={false} href={here}>
          everything
        </Link>
      </p>
    </>
  )
}
