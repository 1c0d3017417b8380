import { Card } from '@/components/ui/card'
import { State } from '@/components/ui/state'
import type { Tone } from '@/lib/kernel/resource/field'
import type { ImportShown } from '@/lib/shapes/blueprints'

interface Line {
  key: string
  tone: Tone
  word: string
  said: string
}

const linesOf = ({ unknown, problems, taken, kept, dropped }: ImportShown, labels: Readonly<Record<string, string>>): Line[] => [
  ...unknown.map(
    ({ key, nearest }): Line => ({
      key,
      tone: 'bad',
      word: 'Unknown',
      said: nearest === null ? 'There is no such key.' : `There is no such key. Did you mean ${nearest}?`,
    }),
  ),
  ...problems.map(({ key, because }): Line => ({ key, tone: 'bad', word: 'Not read', said: because })),
  ...taken.map(
    ({ key, field, shown, note }): Line => ({
      key,
      tone: note === null ? 'good' : 'warn',
      word: 'Taken',
      said: `${labels[field] ?? field}: ${shown}${note === null ? '' : `. ${note}`}`,
    }),
  ),
  ...kept.map(({ key, shown, because }): Line => ({ key, tone: 'neutral', word: 'Kept, no effect', said: `${shown}. ${because}` })),
  ...dropped.map(({ key, because }): Line => ({ key, tone: 'neutral', word: 'Left out', said: because })),
]

/** What becomes of each key, what needs a hand first. */
export const ImportTable = ({ read, labels }: { read: ImportShown; labels: Readonly<Record<string, string>> }) => {
  const lines = linesOf(read, labels)
  return (
    <Card title={`What becomes of ${lines.length === 1 ? 'its key' : `its ${lines.length} keys`}`} isFlush>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section className="overflow-x-auto" tabIndex={0} aria-label="Table: imported keys">
        <table className="sheet" data-density="dense">
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Outcome</th>
              <th scope="col">Becomes</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ key, tone, word, said }) => (
              <tr key={`${word} ${key}`}>
                <th scope="row" className="font-mono">
                  {key}
                </th>
                <td>
                  <State tone={tone}>{word}</State>
                </td>
                <td className="min-w-56 [overflow-wrap:anywhere] [white-space:normal]">{said}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  )
}
