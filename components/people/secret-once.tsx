import './people.css'
import { CopyButton } from '@/components/ui/copy-button'
import { Note } from '@/components/ui/note'

/** A secret that exists in this answer and nowhere else. */
export const SecretOnce = ({
  title,
  secret,
  because = 'only its hash is stored',
  children,
}: {
  title: string
  secret: string
  /** Why it cannot be shown again. */
  because?: string
  children?: React.ReactNode
}) => (
  <Note tone="warn" isAlert title={title}>
    <div className="grid justify-items-start gap-2">
      <p>Copy it now: {because}, so it cannot be shown again.</p>
      <code className="code secret-once w-full">{secret}</code>
      <CopyButton text={secret} label="Copy it" />
      {children}
    </div>
  </Note>
)
