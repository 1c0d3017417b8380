'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { parameterLine, parseParameters } from '@/lib/domain/settings/edits'
import { refusedByName } from '@/lib/domain/settings/refused'
import { takesEffect } from './words'

/** Where a new value is planned, and of whom. */
export interface SetWhere {
  href: string
  /** `demo on n1`, `every member of demo` */
  whose: string
}

export interface SetSetting {
  name: string
  context: string
  unit: string | null
  defaultShown: string
  shown: string
}

/** Those that a plan could come to something with; what the server says of the value is said there. */
export const canSet = ({ name, context }: Pick<SetSetting, 'name' | 'context'>): boolean =>
  context !== 'internal' && refusedByName(name) === null

/** A button beside a value, and the dialog in which another one is written. Nothing is changed here: it leads to the plan. */
export const SetValue = ({ setting, where }: { setting: SetSetting; where: SetWhere }) => {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button variant="quiet" isSmall onClick={() => setOpen(true)}>
        Set… <span className="sr-only">{setting.name}</span>
      </Button>
      {isOpen && (
        <Dialog
          isOpen
          onClose={() => setOpen(false)}
          title={`Set ${setting.name}`}
          description={`Of ${where.whose}. The plan is shown first.`}
        >
          <SetForm setting={setting} where={where} />
        </Dialog>
      )}
    </>
  )
}

const SetForm = ({ setting: { name, context, unit, defaultShown, shown }, where }: { setting: SetSetting; where: SetWhere }) => {
  const router = useRouter()
  const [value, setValue] = useState(shown)
  const [problem, setProblem] = useState<string | undefined>()
  const go = (line: string) => {
    const [first] = parseParameters(line).problems
    if (first !== undefined) return setProblem(first.replace(/^Line 1 \([^)]*\): /, ''))
    router.push(`${where.href}&${new URLSearchParams({ parameters: line })}`)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    go(parameterLine({ name, value }))
  }
  const facts = [
    defaultShown === '' ? 'no default' : `default ${defaultShown}`,
    ...(unit === null ? [] : [`unit ${unit}`]),
    `takes effect by ${takesEffect(context)}`,
  ]
  return (
    <form className="flex flex-col gap-3 p-4" onSubmit={submit}>
      <Field label="New value" help={`${facts.join('; ')}.`} {...(problem === undefined ? {} : { error: problem })}>
        {(ids) => <input {...ids} className="input" value={value} onChange={(event) => setValue(event.target.value)} spellCheck={false} />}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary">
          Show the plan
        </Button>
        <Button onClick={() => go(parameterLine({ name, value: null }))}>Take out ALTER SYSTEM’s value</Button>
      </div>
    </form>
  )
}
