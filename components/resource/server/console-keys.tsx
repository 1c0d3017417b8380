import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { EnvironmentBadge } from '@/components/ui/environment'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

export interface ShownKey {
  /** Of authorized_keys, whole. */
  line: string
  /** It is to replace the current one. */
  isNext: boolean
  /** Whose hosts let it in; each environment has its own. */
  environment: BadgedEnvironment
}

/** What a host must accept before the console can log in. */
export const ConsoleKeys = ({ keys }: { keys: readonly ShownKey[] }) => (
  <Card title="The console’s public key">
    {keys.length === 0 ? (
      <p className="text-ink-2">There is no key yet. Start a worker; it creates one for each environment.</p>
    ) : (
      <div className="grid gap-4">
        <p className="text-ink-2">
          Append the line to <code>~/.ssh/authorized_keys</code> of the SSH user on the host: the one of the host’s environment, and no
          other. It allows commands and sockets, no terminal, no agent and no X11. The private half never leaves the workers.
        </p>
        {keys.map(({ line, isNext, environment }) => (
          <div key={line} className="grid gap-2">
            <p className="flex flex-wrap items-center gap-1.5">
              <EnvironmentBadge environment={environment} />
              {isNext && <span className="text-ink-2">new key: append it beside the current one</span>}
            </p>
            <code className="code">{line}</code>
            <div className="flex flex-wrap gap-2">
              <CopyButton text={line} label="Copy the line" />
              <CopyButton
                text={`install -d -m 700 ~/.ssh && echo '${line}' >> ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys`}
                label="Copy as a command"
              />
            </div>
          </div>
        ))}
      </div>
    )}
  </Card>
)
