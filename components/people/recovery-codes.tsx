'use client'

import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'

/** Shown once, when they are made. */
export const RecoveryCodes = ({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) => (
  <div className="grid gap-4 p-4">
    <p>
      Each of these signs you in once when you have no device at hand. They are shown this once: keep them where the device is not, such as
      in a password safe.
    </p>
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(11.5rem,1fr))] gap-x-6 gap-y-1" aria-label="Recovery codes">
      {codes.map((code) => (
        <li key={code}>
          <code>{code}</code>
        </li>
      ))}
    </ul>
    <div className="flex flex-wrap gap-2">
      <CopyButton text={codes.join('\n')} label="Copy the codes" />
      <Button variant="primary" onClick={onDone}>
        I have kept them
      </Button>
    </div>
  </div>
)
