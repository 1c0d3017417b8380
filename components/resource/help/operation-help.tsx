import { State } from '@/components/ui/state'
import type { Danger, EndingKind } from '@/lib/kernel/operation/plan'
import type { Tone } from '@/lib/kernel/resource/field'

export interface ShownOperation {
  name: string
  title: string
  danger: Danger
  help: readonly string[]
  gates: readonly { name: string; title: string }[]
  effects: readonly { name: string; title: string; ending: { kind: EndingKind; sentence: string } }[]
}

const dangers: Record<Danger, { tone: Tone; words: string }> = {
  routine: { tone: 'good', words: 'routine: no client notices' },
  disruptive: { tone: 'warn', words: 'disruptive: cuts clients for a while' },
  destructive: { tone: 'bad', words: 'destructive: sacrifices data or redundancy' },
}
const endings: Record<EndingKind, string> = {
  undo: 'Undone',
  release: 'Released',
  final: 'Final',
}

/** Its id is the operation's name, so that `/instances/help#restart` opens it. */
export const OperationHelp = ({ operation }: { operation: ShownOperation }) => (
  <section id={operation.name} aria-labelledby={`${operation.name}-title`} className="grid scroll-mt-4 gap-2">
    <h3 id={`${operation.name}-title`} className="flex flex-wrap items-center gap-3">
      {operation.title}
      <State tone={dangers[operation.danger].tone}>{dangers[operation.danger].words}</State>
    </h3>
    <div className="grid max-w-[75ch] gap-2">
      {operation.help.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </div>
    {operation.gates.length > 0 && (
      <p className="max-w-[75ch]">
        <strong className="font-semibold">Checks first:</strong> {operation.gates.map(({ title }) => title).join('; ')}.
      </p>
    )}
    <ol className="max-w-[75ch] list-decimal pl-5">
      {operation.effects.map(({ name, title, ending }) => (
        <li key={name}>
          {title}.{' '}
          <span className="text-ink-2">
            {endings[ending.kind]}: {ending.sentence}
          </span>
        </li>
      ))}
    </ol>
  </section>
)
