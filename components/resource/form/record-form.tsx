'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { Controller, type FieldErrors, useForm } from 'react-hook-form'
import type { FindOptions, InputValue } from '@/components/fields/input-props'
import { fromInput, inputOf, toInput } from '@/components/fields/inputs'
import { proved } from '@/components/shell/prove'
import { Button, LinkButton } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { RefusalNote } from '@/components/ui/refusal-note'
import { useToast } from '@/components/ui/toast'
import { capital } from '@/lib/domain/values/capital'
import { schemaOf } from '@/lib/fields/schema'
import type { Json } from '@/lib/kernel/ground/json'
import { isApplicable, missingFields } from '@/lib/kernel/resource/condition'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { ReferenceOption } from '@/lib/shapes/list'
import type { Outcome, Refusal } from '@/lib/shapes/outcome'
import { Conflict, type ConflictState } from './conflict'
import { Typed } from './typed'
import { useUnsaved } from './use-unsaved'

type Values = Record<string, InputValue>
type Stored = Record<string, Json>

export interface FormServer {
  saveRecord: (
    resource: string,
    id: string | null,
    values: Stored,
    revision: number | null,
  ) => Promise<Outcome<{ id: string; revision: number }>>
  findOptions: (resource: string, field: string, search: string, environmentId: string | null) => Promise<Outcome<ReferenceOption[]>>
}

type After = 'show' | 'another' | 'continue'

/** What is typed, as it would be sent; null where a field does not apply. */
const readInputs = (resource: ResourceDescription, values: Values) =>
  Object.fromEntries(
    resource.form.map((name) => [
      name,
      isApplicable(resource.fields, name, values) ? fromInput(values[name]!, resource.fields[name]!) : null,
    ]),
  )

/** One form for adding (`id` null) and changing. One schema validates here, in the server action and in the API. */
export const RecordForm = ({
  resource,
  id,
  revision,
  stored,
  titles,
  environmentId,
  server,
  aside,
}: {
  resource: ResourceDescription
  id: string | null
  revision: number | null
  stored: Stored
  /** Field → title of what its reference points to. */
  titles: Readonly<Record<string, string>>
  /** Where the object lives, for references that stay in its environment; the form's own environment field wins. */
  environmentId: string | null
  server: FormServer
  /** Shown beside the form. */
  aside?: ReactNode
}) => {
  const router = useRouter()
  const toast = useToast()
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const [conflict, setConflict] = useState<ConflictState | null>(null)
  const [isSaved, setSaved] = useState(false)
  const after = useRef<After>('show')
  const [placed, setPlaced] = useState(environmentId)
  const known = useRef(revision)
  const defaults = useMemo(
    () => Object.fromEntries(resource.form.map((name) => [name, toInput(stored[name], resource.fields[name]!)])),
    [resource, stored],
  )
  const schema = useMemo(() => schemaOf(resource), [resource])
  const resolve = useMemo(() => zodResolver(schema), [schema])
  const form = useForm<Values>({
    defaultValues: defaults,
    mode: 'onTouched',
    resolver: async (values, context, options) => {
      const read = readInputs(resource, values)
      // biome-ignore lint/suspicious/noExplicitAny: the schema's output holds stored values, which are not what the inputs hold.
      const resolved = (await resolve(read as any, context, options as any)) as any
      const missing = missingFields(resource, read).map(({ path, message }) => [path, { type: 'needed', message }])
      return missing.length === 0 ? resolved : { values: {}, errors: { ...Object.fromEntries(missing), ...resolved.errors } }
    },
  })
  const { control, formState, getValues, handleSubmit, reset, setError, setFocus, setValue, watch } = form
  const { dirtyFields, isSubmitting, isDirty } = formState
  useUnsaved(isDirty && !isSubmitting && !isSaved)

  /** Takes `base` as what is stored, and keeps what was typed since `was`. */
  const rebase = (was: Values, base: Values) => {
    const typed = { ...getValues() }
    reset(base)
    for (const name of resource.form) if (typed[name] !== was[name]) setValue(name, typed[name]!, { shouldDirty: true })
  }

  // A save that stays on the page loads the stored values and their revision again.
  const based = useRef(defaults)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only new stored values count; the rest is the form's own.
  useEffect(() => {
    if (based.current === defaults) return
    known.current = revision
    rebase(based.current, defaults)
    based.current = defaults
    setConflict(null)
  }, [revision, defaults])

  const find = useMemo<FindOptions>(
    () => async (field, search, where) => {
      const answer = await server.findOptions(resource.name, field, search, where)
      if (!answer.ok) throw new Error(answer.message)
      return answer.value
    },
    [server, resource.name],
  )

  const save = async (parsed: Values) => {
    const values = parsed as Stored
    const sent = { ...getValues() }
    const changed = id === null ? values : Object.fromEntries(Object.keys(dirtyFields).map((name) => [name, values[name] ?? null]))
    setRefusal(null)
    const answer = await proved(() => server.saveRecord(resource.name, id, changed, known.current))
    if (!answer.ok) return refuse(answer, changed)
    setSaved(true)
    setConflict(null)
    toast('good', `${capital(resource.noun[0])} saved.`)
    if (after.current === 'another') {
      if (id !== null) router.push(`/${resource.path}/add`)
      reset(Object.fromEntries(resource.form.map((name) => [name, toInput(null, resource.fields[name]!)])))
      setSaved(false)
      setFocus(resource.form[0]!)
    } else if (after.current === 'show') router.push(`/${resource.path}/${answer.value.id}${id === null ? '#added' : ''}`)
    else if (id === null) router.replace(`/${resource.path}/${answer.value.id}/edit`)
    else {
      setSaved(false)
      known.current = answer.value.revision
      rebase(sent, sent)
      based.current = sent
      router.refresh()
    }
  }

  const refuse = (answer: Refusal, mine: Stored) => {
    if (answer.conflict) {
      const { current: theirs, revision: now } = answer.conflict
      const moved = resource.form.filter((name) => JSON.stringify(theirs[name] ?? null) !== JSON.stringify(stored[name] ?? null))
      setConflict({
        because: answer.message,
        revision: now,
        fields: moved.map((field) => ({ field, now: theirs[field] ?? null, mine: field in mine ? mine[field]! : (stored[field] ?? null) })),
      })
      return
    }
    setRefusal(answer)
    let isFirst = true
    for (const { path, message } of answer.fields) {
      if (!resource.form.includes(path)) continue
      setError(path, { type: 'server', message }, { shouldFocus: isFirst })
      isFirst = false
    }
  }

  const held = watch()
  const environment = held.environmentId
  const where = typeof environment === 'string' && environment !== '' ? environment : placed
  const errors = formState.errors as FieldErrors<Values>
  const elsewhere = refusal?.fields.filter(({ path }) => !resource.form.includes(path)) ?? []
  const groups = resource.sections
    .map(({ title, fields }) => ({
      title,
      fields: fields.filter((name) => resource.form.includes(name) && isApplicable(resource.fields, name, held)),
    }))
    .filter(({ fields }) => fields.length > 0)
  const buttons: readonly [After, string][] = [
    ['show', 'Save'],
    ['another', 'Save and add another'],
    ['continue', 'Save and continue editing'],
  ]

  return (
    <div className="grid items-start gap-3.5 lg:grid-cols-[minmax(0,52rem)_22rem]">
      <form className="card grid gap-4 p-4" noValidate onSubmit={handleSubmit(save)} aria-label={`${resource.noun[0]} form`}>
        {refusal && <RefusalNote refusal={refusal} fields={elsewhere} />}
        {conflict && (
          <Conflict
            resource={resource}
            conflict={conflict}
            onMine={() => {
              known.current = conflict.revision
              setConflict(null)
            }}
            onTheirs={() => {
              known.current = conflict.revision
              for (const { field, now } of conflict.fields) form.resetField(field, { defaultValue: toInput(now, resource.fields[field]!) })
              setConflict(null)
            }}
          />
        )}
        {groups.map(({ title, fields }) => (
          <fieldset key={title} className="grid min-w-0 gap-4">
            {groups.length > 1 && <legend className="mb-3 font-semibold">{title}</legend>}
            {fields.map((name) => {
              const field = resource.fields[name]!
              const Input = inputOf(field.kind)
              return (
                <Controller
                  key={name}
                  name={name}
                  control={control}
                  render={({ field: bound }) => (
                    <Field
                      label={field.label}
                      help={field.help}
                      error={errors[name]?.message}
                      isRequired={field.required}
                      isBeside={field.kind === 'flag'}
                    >
                      {(ids) => (
                        <Input
                          field={field}
                          ids={ids}
                          name={name}
                          value={bound.value ?? ''}
                          onChange={bound.onChange}
                          onBlur={bound.onBlur}
                          focusRef={bound.ref}
                          find={find}
                          title={titles[name]}
                          environmentId={field.kind === 'reference' && field.sameEnvironment ? where : null}
                          onOption={(option) => {
                            if (field.kind === 'reference' && !field.sameEnvironment && option.environmentId)
                              setPlaced(option.environmentId)
                          }}
                        />
                      )}
                    </Field>
                  )}
                />
              )
            })}
          </fieldset>
        ))}
        <div className="flex flex-wrap gap-2 border-t border-line pt-4">
          {buttons.map(([what, label]) => (
            <Button
              key={what}
              type="submit"
              variant={what === 'show' ? 'primary' : 'plain'}
              disabled={isSubmitting || conflict !== null}
              onClick={() => {
                after.current = what
              }}
            >
              {label}
            </Button>
          ))}
          <LinkButton variant="quiet" href={`/${resource.path}${id === null ? '' : `/${id}`}`}>
            Cancel
          </LinkButton>
          <span className="self-center text-ink-2" role="status">
            {isSubmitting ? 'Saving…' : isDirty ? 'Not saved yet' : ''}
          </span>
        </div>
      </form>
      <div className="grid min-w-0 gap-3.5 lg:sticky lg:top-4">
        <Typed.Provider value={{ id, values: readInputs(resource, held) }}>{aside}</Typed.Provider>
      </div>
    </div>
  )
}
