import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'

/** Lines to paste elsewhere, each with its button. */
export const CopyCard = ({ title, lines }: { title: string; lines: readonly { label: string; text: string }[] }) =>
  lines.length === 0 ? null : (
    <Card title={title}>
      <dl className="grid gap-2">
        {lines.map(({ label, text }) => (
          <div key={label}>
            <dt className="text-ink-2">{label}</dt>
            <dd className="flex items-start gap-1">
              <code className="code min-w-0 flex-1">{text}</code>
              <CopyButton text={text} label={`Copy ${label}`} isIcon />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  )
