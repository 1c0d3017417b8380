'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { proved } from '@/components/shell/prove'
import { Button, LinkButton } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'

/** The last step of a deletion. It takes no focus by itself, so Enter on arriving deletes nothing. */
export const DeleteButton = ({
  resource,
  path,
  id,
  label,
  removeRecord,
}: {
  resource: string
  path: string
  id: string
  /** Names what goes: "Delete herd shop and 3 more". */
  label: string
  removeRecord: (resource: string, id: string) => Promise<Outcome<null>>
}) => {
  const router = useRouter()
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const remove = async () => {
    setBusy(true)
    const answer = await proved(() => removeRecord(resource, id))
    if (!answer.ok) {
      setProblem(answer.message)
      setBusy(false)
    } else router.replace(`/${path}`)
  }
  return (
    <div className="grid gap-3">
      {problem && (
        <Note tone="bad" isAlert title={problem}>
          Nothing was deleted.
        </Note>
      )}
      <div className="flex flex-wrap gap-2">
        <LinkButton href={`/${path}/${id}`}>Keep it</LinkButton>
        <Button variant="danger" disabled={isBusy} onClick={() => void remove()}>
          {label}
        </Button>
      </div>
    </div>
  )
}
