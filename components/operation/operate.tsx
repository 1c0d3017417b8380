'use client'

import './operation.css'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useEffect, useMemo, useState } from 'react'
import { useLive } from '@/components/run/use-live'
import { Button, LinkButton } from '@/components/ui/button'
import { mostDangerous } from '@/components/ui/environment'
import { EmptyState, Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { counted } from '@/lib/domain/values/counted'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { OperationDescription } from '@/lib/kernel/operation/operation'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import { statementIn } from '@/lib/kernel/operation/statement'
import type { PlanView } from '@/lib/shapes/plan'
import { streams } from '@/lib/shapes/streams'
import { ScheduledApproval } from './approval'
import { Calls } from './calls-view'
import { Confirm } from './confirm'
import { takeOver } from './handover'
import { canPlanAtOnce, inputFields, toInput, valueWords } from './input-fields'
import { Making } from './making'
import { Overrule } from './overrule'
import { PlanOptions, policyWords } from './plan-options'
import { PlanSummary } from './plan-summary'
import { PlanTargets } from './plan-targets'
import type { Environments, OperateActions, OperateResource } from './shared'
import { Statement } from './statement'
import { hitEnvironments, summedUp } from './summary'

/** What is different in a plan from the one that was read before: per target id, and about the plan as a whole. */
export interface Moved {
  overall: string[]
  targets: Record<string, string[]>
}

/**
 * The confirm page of any operation. The address is the state: `?plan=` holds the plan that was made, so that it survives a reload and can be
 * sent to a second person; without it the targets come from the list that was left.
 */
export const Operate = ({
  description,
  resource,
  environments,
  row,
  moved,
  mayApprove,
  idsInAddress,
  of,
  inputGiven,
  origin,
  actions,
}: {
  description: OperationDescription
  resource: OperateResource
  environments: Environments
  row: PlanView | null
  moved: Moved | null
  mayApprove: boolean
  idsInAddress: string | null
  /** The resource of the targets handed over, where the operation runs on what belongs to them. */
  of: string | null
  /** Inputs that the address holds, for a plan that a link opens. */
  inputGiven: JsonObject
  origin: string
  actions: OperateActions
}) => {
  const router = useRouter()
  const fields = useMemo(() => inputFields(description.input), [description.input])
  const [values, setValues] = useState<JsonObject>(row?.input ?? inputGiven)
  const [asked, setAsked] = useState<Partial<RunPolicy>>(row?.policy ?? {})
  const policy = { ...description.policy, ...asked }
  const [targets, setTargets] = useState<string[] | null>(row?.targets ?? null)
  const [problems, setProblems] = useState<FieldProblem[]>([])
  const [refusal, setRefusal] = useState<string | null>(null)
  const [isAsking, setAsking] = useState(false)
  const address = `/${resource.path}/run/${description.name}`
  const link = `${origin}${address}?plan=${row?.id}`

  const ask = async (ids: string[], given: JsonObject = values) => {
    setAsking(true)
    setRefusal(null)
    setProblems([])
    try {
      const outcome = await actions.ask({
        operation: description.name,
        targets: ids,
        of: row ? null : of,
        input: toInput(fields, given),
        policy: asked,
      })
      if (outcome.ok) router.replace(`${address}?plan=${outcome.value.planId}`)
      else {
        setProblems(outcome.fields)
        setRefusal(outcome.message)
      }
    } catch {
      setRefusal('The console did not answer. Nothing has run.')
    }
    setAsking(false)
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens without a plan; planning changes nothing anywhere.
  useEffect(() => {
    if (row) return
    const ids = takeOver(resource.path, description.name, idsInAddress, of)
    setTargets(ids)
    if (ids.length > 0 && canPlanAtOnce(fields, values)) ask(ids)
  }, [])

  const isMaking = row !== null && (row.state === 'asked' || row.state === 'making')
  const waitsForApproval = row?.plan?.needsApproval === true && row.approvedByName === null && row.runId === null
  useLive(row && (isMaking || waitsForApproval) ? streams.plan(row.id) : null, { plan: () => router.refresh() })

  if (targets !== null && targets.length === 0)
    return (
      <EmptyState title={`No ${resource.noun[1]} chosen`} actions={<LinkButton href={`/${resource.path}`}>Open the list</LinkButton>}>
        Tick {resource.noun[1]} in the list and choose {description.title} there.
      </EmptyState>
    )

  const again = (
    <Button variant={row ? 'plain' : 'primary'} disabled={isAsking || targets === null || isMaking} onClick={() => targets && ask(targets)}>
      {isAsking ? 'Asking …' : row ? 'Make the plan again' : 'Make the plan'}
    </Button>
  )
  const options = (
    <PlanOptions
      fields={fields}
      values={values}
      policy={policy}
      problems={problems}
      targets={targets}
      choices={actions.choices}
      onInput={(name, value) => setValues((now) => ({ ...now, [name]: value }))}
      onPolicy={(change) => setAsked((now) => ({ ...now, ...change }))}
    />
  )
  const plan = row?.plan ?? null
  const statement = row && statementIn(description.input, row.input)
  const changed = fields.filter((field) => String(values[field.name] ?? field.initial) !== String(field.initial))
  /** What was not given may be why. */
  const isOpen = plan !== null && plan.eligible === 0 && fields.length > 0
  const inputWords = changed
    .map((field) => `${field.label.toLowerCase()} ${valueWords(field, values[field.name] ?? '')}`)
    .filter((words) => words.length < 60)
  return (
    <div className="page-body" data-env={plan ? mostDangerous(hitEnvironments(plan))?.colour : undefined}>
      <Note tone="neutral">{description.help[0] ?? description.title} Making a plan changes nothing; nothing runs until you confirm.</Note>
      {statement !== null && <Statement statement={statement} />}
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      {row ? (
        <details className="card plan-fold" key={`options of ${row.id} ${isOpen}`} open={isOpen}>
          <summary>
            <strong>Options</strong>{' '}
            <span className="text-ink-2">
              {[...(fields.length > 0 && changed.length === 0 ? ['all defaults'] : inputWords), policyWords(policy)].join(' · ')}
            </span>
          </summary>
          <div className="body grid gap-3">
            {options}
            <div>{again}</div>
          </div>
        </details>
      ) : (
        <section className="card body grid gap-3 p-4" aria-label="Options">
          {options}
          <div className="flex flex-wrap items-center gap-3">
            {again}
            {targets !== null && <span className="text-ink-2">for {counted(targets.length, ...resource.noun)}</span>}
          </div>
        </section>
      )}
      {isMaking && <Making row={row} onCancel={() => router.push(`/${resource.path}`)} />}
      {row?.state === 'failed' && (
        <Note tone="bad" isAlert title="The plan could not be made" actions={again}>
          {row.because}
        </Note>
      )}
      {row?.runId && (
        <Note tone="info" title="This plan was submitted" actions={<LinkButton href={`/runs/${row.runId}`}>Open the run</LinkButton>} />
      )}
      {row?.scheduledId && (
        <Note
          tone="info"
          title="This plan is scheduled"
          actions={<LinkButton href={`/scheduled-runs/${row.scheduledId}`}>Open the schedule</LinkButton>}
        >
          {row.waitsUntil !== null && (
            <>
              It starts at <Moment at={row.waitsUntil} />.
            </>
          )}
        </Note>
      )}
      {moved && (
        <Note tone="warn" isAlert title="Something changed since you read this plan. Nothing has run.">
          This is the new plan; the changes are marked.
          <ul className="list-disc pl-5">
            {moved.overall.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        </Note>
      )}
      {row && plan && row.state === 'ready' && (
        <>
          <PlanSummary plan={plan} resource={resource} environments={environments}>
            <Overrule
              targets={plan.targets}
              input={row.input}
              isBusy={isAsking}
              onPlan={(input) => {
                setValues(input)
                ask(
                  plan.targets.map(({ id }) => id),
                  input,
                )
              }}
            />
          </PlanSummary>
          <PlanTargets plan={plan} path={resource.path} environments={environments} changes={moved?.targets ?? {}} />
          <Calls plan={plan} path={resource.path} origin={origin} />
          <ScheduledApproval row={row} plan={plan} mayApprove={mayApprove} link={link} actions={actions} />
          {row.runId === null &&
            row.scheduledId === null &&
            (plan.eligible > 0 ? (
              <Confirm
                key={row.id}
                row={row}
                plan={plan}
                description={description}
                resource={resource}
                link={link}
                mayApprove={mayApprove}
                actions={actions}
                onSubmitted={(runId) => router.push(`/runs/${runId}`)}
                onScheduled={(scheduledId) => router.push(`/scheduled-runs/${scheduledId}`)}
                onMoved={(planId) => router.replace(`${address}?plan=${planId}&before=${row.id}`)}
              />
            ) : (
              summedUp(plan).targets.length === 0 && (
                <Note tone="bad" title="Nothing can run" actions={again}>
                  Every target is excluded. <Link href={`/${resource.path}`}>Choose other targets</Link>, or make the plan again once the
                  reasons are gone.
                </Note>
              )
            ))}
        </>
      )}
    </div>
  )
}
