import { Pencil, Trash2 } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Acts } from '@/components/resource/detail/acts'
import { ChangeList } from '@/components/resource/detail/change-list'
import { CopyCard } from '@/components/resource/detail/copy-card'
import { Facts } from '@/components/resource/detail/facts'
import { LiveRefresh } from '@/components/resource/live/live-refresh'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { State } from '@/components/ui/state'
import { managersFound } from '@/db/fleet/managers-view'
import { recordHistory } from '@/db/records/records'
import { mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import { pathOf } from '@/lib/resources'
import { apiCalls } from './api-calls'
import { loadObject, titlesOf } from './load'
import { offersFor } from './offers'
import { partsOf } from './parts'
import { Related } from './related'

interface Props {
  params: Promise<{ resource: string; id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { resource, id } = await params
  return { title: (await loadObject(resource, id)).record.title }
}

const historyShown = 3

/** `state` and `role` beside the title, where the resource has them. */
const Marks = ({ fields, values }: { fields: Readonly<Record<string, FieldDescription>>; values: Readonly<Record<string, Json>> }) => (
  <span className="flex gap-2">
    {['role', 'state'].map((name) => {
      const field = fields[name]
      const chosen = field?.kind === 'choice' ? field.choices.find((one) => one.value === values[name]) : undefined
      return (
        chosen && (
          <State key={name} tone={chosen.tone ?? 'neutral'} isPill>
            {chosen.label}
          </State>
        )
      )
    })}
  </span>
)

const DetailPage = async ({ params }: Props) => {
  const { resource: path, id } = await params
  const loaded = await loadObject(path, id)
  const { actor, resource, description, record, environments, environment, crumbs, href } = loaded
  const { Above, Beside, shownAbove, pages = [], copyLines } = partsOf(resource.name)
  const { herdId = null } = record.values
  const [history, lines, managers] = await Promise.all([
    recordHistory(actor, resource, record.id, 1),
    copyLines?.(loaded) ?? [],
    managersFound(actor, herdId === null ? null : String(herdId)),
  ])
  const acts = offersFor(actor, resource, record, managers)
  const may = (act: 'change' | 'delete') =>
    record.environmentId === null
      ? mayAnywhere(actor, `${resource.name}.${act}`)
      : mayIn(actor, `${resource.name}.${act}`, record.environmentId)
  const source = resource.observedSource ? (record.values[resource.observedSource] ?? null) : null
  const shown = { ...record, references: withTitles(record.references), source: source === null ? null : String(source) }
  return (
    <>
      <PageHeader
        crumbs={crumbs}
        title={record.title}
        environment={environment}
        subtitle={<Marks fields={description.fields} values={record.values} />}
        actions={
          <>
            <span className="self-center">
              <LiveRefresh
                ids={[record.id]}
                records={[resource.name, ...resource.related.map((one) => one.resource)]}
                newestAt={record.observedAt}
              />
            </span>
            {pages
              .filter(({ isInside }) => !isInside)
              .map((page) => (
                <LinkButton key={page.path} href={`${href}/${page.path}`}>
                  {page.label}
                </LinkButton>
              ))}
            {resource.form.length > 0 && may('change') && (
              <LinkButton href={`${href}/edit`}>
                <Pencil aria-hidden="true" />
                Edit
              </LinkButton>
            )}
            {resource.canDelete && may('delete') && (
              <LinkButton href={`${href}/delete`}>
                <Trash2 aria-hidden="true" />
                Delete
              </LinkButton>
            )}
          </>
        }
      />
      <div className="page-body">
        <div className="grid items-start gap-3.5 lg:grid-cols-[minmax(0,1fr)_19rem]">
          <div className="grid min-w-0 gap-3.5">
            {Above && <Above loaded={loaded} />}
            <Facts resource={description} record={shown} environments={environments} pathOf={pathOf} leaveOut={shownAbove} />
            {resource.related.map((one) => {
              const pointed = one.via === undefined ? record.id : (record.values[one.via] ?? null)
              if (pointed === null) return null
              return (
                <Related
                  key={`${one.resource} ${one.by}`}
                  actor={actor}
                  resource={one.resource}
                  by={one.by}
                  title={one.title}
                  id={String(pointed)}
                  environmentId={environment?.id ?? null}
                  environments={environments}
                />
              )
            })}
          </div>
          <div className="grid min-w-0 gap-3.5">
            {acts.length > 0 && (
              <Card title="Actions">
                <Acts acts={acts} />
              </Card>
            )}
            <CopyCard title="Copy" lines={lines} />
            {Beside && <Beside loaded={loaded} />}
            <Card
              title="History"
              actions={
                history.total > 0 && (
                  <Link href={`${href}/history`} prefetch={false}>
                    All {history.total}
                  </Link>
                )
              }
            >
              {history.total === 0 ? (
                <p className="text-ink-2">No changes made here.</p>
              ) : (
                <ChangeList
                  changes={history.lines.slice(0, historyShown)}
                  fields={description.fields}
                  titles={titlesOf(history.references)}
                />
              )}
            </Card>
            <CopyCard title="API" lines={apiCalls(resource.path, record.id)} />
          </div>
        </div>
      </div>
    </>
  )
}

type References = Readonly<Record<string, { id: string; title: string | null; resource: string }>>

/** Only what may be seen; a cell without a title says that it may not. */
const withTitles = (references: References) =>
  Object.fromEntries(
    Object.entries(references).flatMap(([name, { id, title, resource }]) => (title === null ? [] : [[name, { id, title, resource }]])),
  )

export default DetailPage
