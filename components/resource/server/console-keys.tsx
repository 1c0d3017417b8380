import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { EnvironmentBadge } from '@/components/ui/environment'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

export interface ShownKey {
  publicKey: string
  /** Environments that use it; empty: all of them. */
  environments: readonly BadgedEnvironment[]
}

/** What a host must accept before the console can log in. */
export const ConsoleKeys = ({ keys }: { keys: readonly ShownKey[] }) => (
  <Card title="The console’s public key">
    {keys.length === 0 ? (
      <p className="text-ink-2">There is no key yet. Start a worker; it creates one.</p>
    ) : (
      <div className="grid gap-4">
        <p className="text-ink-2">
          Append it to <code>~/.ssh/authorized_keys</code> of the SSH user on the host. The private half never leaves the workers.
        </p>
        {keys.map(({ publicKey, environments }) => (
          <div key={publicKey} className="grid gap-2">
            {environments.length > 0 && (
              <p className="flex flex-wrap gap-1">
                {environments.map((environment) => (
                  <EnvironmentBadge key={environment.id} environment={environment} />
                ))}
              </p>
            )}
            <code className="code">{publicKey}</code>
            <div className="flex flex-wrap gap-2">
              <CopyButton text={publicKey} label="Copy the key" />
              <CopyButton
                text={`install -d -m 700 ~/.ssh && echo '${publicKey}' >> ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys`}
                label="Copy as a command"
              />
            </div>
          </div>
        ))}
      </div>
    )}
  </Card>
)
