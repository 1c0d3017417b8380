import { CopyButton } from '@/components/ui/copy-button'

/** Folded away, with a button that copies them all; nothing where there are none. */
export const ExactCommands = ({ commands }: { commands: readonly string[] }) =>
  commands.length > 0 && (
    <details>
      <summary>{commands.length === 1 ? 'The exact command' : `The ${commands.length} exact commands`}</summary>
      <div className="plan-commands">
        <code className="code">{commands.join('\n')}</code>
        <CopyButton text={commands.join('\n')} label="Copy" />
      </div>
    </details>
  )
