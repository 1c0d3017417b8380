'use client'

import { useRouter } from 'next/navigation'
import { useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { handOver } from '@/components/operation/handover'
import type { FormServer } from '@/components/resource/form/record-form'
import { useUnsaved } from '@/components/resource/form/use-unsaved'
import { proved } from '@/components/shell/prove'
import { Button } from '@/components/ui/button'
import { RefusalNote } from '@/components/ui/refusal-note'
import { yamlText } from '@/lib/domain/stack/yaml'
import type { Refusal } from '@/lib/shapes/outcome'
import {
  documentOf,
  emptyDraft,
  type ServerToBuildOn,
  type StackDraft,
  smallestMemoryMb,
  stepOf,
  type WizardStep,
  wizardSteps,
} from '@/lib/shapes/stack-draft'
import { readStackDocument, stackOf } from '@/lib/shapes/stack-schema'
import { firstProblem, type StepProps } from './fields'
import { ReviewStep } from './review-step'
import { ServersStep } from './servers-step'
import { DoorsStep, PostgresStep } from './value-steps'

const titles: Record<WizardStep, string> = { servers: 'Servers', postgres: 'PostgreSQL', doors: 'Database and doors', review: 'Review' }

/** Declares a cluster in four steps, and goes on to the plan of its build. What is wrong is told beside its field once its step was left. */
export const Wizard = ({
  environments,
  servers,
  saveRecord,
}: {
  environments: readonly { id: string; name: string }[]
  servers: readonly ServerToBuildOn[]
  saveRecord: FormServer['saveRecord']
}) => {
  const router = useRouter()
  const [at, setAt] = useState<WizardStep>('servers')
  const [left, setLeft] = useState<ReadonlySet<WizardStep>>(new Set())
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const [isBusy, setBusy] = useState(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const form = useForm<StackDraft>({ defaultValues: emptyDraft(environments[0]!.id) })
  useUnsaved(form.formState.isDirty && !isBusy)
  const draft = form.watch()
  const document = documentOf(draft)
  const { file, problems } = readStackDocument(document)
  const addresses = Object.fromEntries(servers.map(({ name, address }) => [name, address]))
  const step: StepProps = {
    form,
    problemOf: (field) => (left.has(stepOf(field)) ? firstProblem(problems, field) : undefined),
  }
  const go = (next: WizardStep) => {
    setLeft(next === 'review' ? new Set(wizardSteps) : new Set([...left, at]))
    setAt(next)
    requestAnimationFrame(() => heading.current?.focus())
  }
  const place = wizardSteps.indexOf(at)

  const save = async () => {
    setRefusal(null)
    setBusy(true)
    const values = { name: document.cluster, environmentId: draft.environmentId, file: yamlText(document), note: '' }
    const answer = await proved(() => saveRecord('stack', null, values, null))
    if (answer.ok) return router.push(handOver('stacks', 'build-cluster', [answer.value.id]))
    setBusy(false)
    setRefusal(answer)
  }

  return (
    <form
      className="card grid gap-5 p-4"
      noValidate
      aria-label="Declare a cluster"
      onSubmit={(event) => {
        event.preventDefault()
        if (at !== 'review') return go(wizardSteps[place + 1]!)
        if (file !== null && !isBusy) void save()
      }}
    >
      <ol className="flex flex-wrap gap-2" aria-label="Steps">
        {wizardSteps.map((one, number) => {
          const count = left.has(one) ? problems.filter(({ field }) => stepOf(field) === one).length : 0
          return (
            <li key={one} aria-current={one === at ? 'step' : undefined}>
              <Button variant={one === at ? 'primary' : 'quiet'} isSmall onClick={() => go(one)}>
                {number + 1}. {titles[one]}
                {count > 0 && ` (${count} to mend)`}
              </Button>
            </li>
          )
        })}
      </ol>
      <h2 ref={heading} tabIndex={-1} className="font-semibold text-base outline-none">
        {titles[at]}
      </h2>
      {refusal && <RefusalNote refusal={refusal} />}
      {at === 'servers' && <ServersStep step={step} environments={environments} servers={servers} />}
      {at === 'postgres' && <PostgresStep step={step} memoryMb={smallestMemoryMb(draft.parts, servers)} />}
      {at === 'doors' && <DoorsStep step={step} />}
      {at === 'review' && <ReviewStep stack={file && stackOf(file, addresses)} problems={problems} text={yamlText(document)} onMend={go} />}
      <div className="flex flex-wrap gap-2">
        {place > 0 && <Button onClick={() => go(wizardSteps[place - 1]!)}>Back</Button>}
        <Button type="submit" variant="primary" disabled={isBusy || (at === 'review' && file === null)}>
          {at === 'review' ? 'Save and read the plan' : 'Next'}
        </Button>
      </div>
    </form>
  )
}
