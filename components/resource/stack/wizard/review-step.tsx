'use client'

import { CopyButton } from '@/components/ui/copy-button'
import { Note } from '@/components/ui/note'
import { Sheet } from '@/components/ui/sheet'
import type { Stack, StackProblem } from '@/lib/domain/stack/stack'
import { tunedValues } from '@/lib/domain/stack/tuning'
import { stepOf, type WizardStep } from '@/lib/shapes/stack-draft'

/** The file as it will be kept, with each value that PostgreSQL is tuned by, or what has to be mended first. */
export const ReviewStep = ({
  stack,
  problems,
  text,
  onMend,
}: {
  stack: Stack | null
  problems: readonly StackProblem[]
  text: string
  onMend: (step: WizardStep) => void
}) => (
  <>
    {problems.length > 0 && (
      <Note tone="bad" isAlert title="The cluster cannot be declared so">
        {problems.map(({ field, because }) => (
          <p key={`${field} ${because}`}>
            <button type="button" className="underline" onClick={() => onMend(stepOf(field))}>
              {field}
            </button>
            : {because}
          </p>
        ))}
      </Note>
    )}
    <section className="grid gap-2" aria-labelledby="wizard-file">
      <div className="flex items-center gap-2">
        <h3 id="wizard-file" className="font-semibold">
          Cluster file
        </h3>
        <CopyButton text={text} label="Copy the cluster file" />
      </div>
      <p className="text-ink-2">Kept with the cluster, and changed there later. `npx matriarch build FILE` reads the same.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <pre className="code max-h-96 overflow-auto" tabIndex={0}>
        {text}
      </pre>
    </section>
    {stack !== null && (
      <section className="grid gap-2" aria-labelledby="wizard-values">
        <h3 id="wizard-values" className="font-semibold">
          What PostgreSQL is set to
        </h3>
        <Sheet label="Values of PostgreSQL" columns={[{ text: 'Parameter' }, { text: 'Value' }, { text: 'Why' }]}>
          {tunedValues(stack).map(({ name, value, because }) => (
            <tr key={name}>
              <th scope="row" className="font-mono">
                {name}
              </th>
              <td className="font-mono">{value}</td>
              <td>{because}</td>
            </tr>
          ))}
        </Sheet>
      </section>
    )}
  </>
)
