'use client'

import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'

/** Names the list as it is now. Saving under a name of one's own replaces that view. */
export const ViewDialog = ({
  onClose,
  onSave,
}: {
  onClose: () => void
  onSave: (name: string, isShared: boolean) => Promise<string | null>
}) => {
  const [problem, setProblem] = useState<string | null>(null)
  const [isSaving, setSaving] = useState(false)
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const name = String(form.get('name')).trim()
    if (name === '') {
      setProblem('A view needs a name.')
      return
    }
    setSaving(true)
    const refused = await onSave(name, form.get('shared') === 'on')
    setSaving(false)
    setProblem(refused)
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Save this view"
      description="Filters, search, sort, columns and page size; not the page number."
    >
      <form className="grid gap-3 p-4" onSubmit={save}>
        <Field label="Name" error={problem ?? undefined}>
          {(ids) => <input {...ids} className="input" name="name" maxLength={80} autoComplete="off" />}
        </Field>
        <label className="flex items-center gap-2">
          <input type="checkbox" name="shared" />
          Everybody may use it; each sees only the rows they may see
        </label>
        <div>
          <Button type="submit" variant="primary" disabled={isSaving}>
            Save view
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
