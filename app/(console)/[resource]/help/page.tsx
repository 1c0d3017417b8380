import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { FieldHelp } from '@/components/resource/help/field-help'
import { OperationHelp } from '@/components/resource/help/operation-help'
import { SearchHelp } from '@/components/resource/help/search-help'
import { PageHeader } from '@/components/shell/page-header'
import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { requireActor } from '@/lib/auth/actor'
import { capital } from '@/lib/domain/values/capital'
import { env } from '@/lib/env'
import { operationsOn } from '@/lib/operations'
import { describedResource } from '@/lib/resources/described'
import { operationHelp } from '../../help/operation-help-of'

interface Props {
  params: Promise<{ resource: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const described = describedResource((await params).resource)
  return { title: described ? `Help: ${described.resource.noun[1]}` : 'Not found' }
}

const HelpPage = async ({ params }: Props) => {
  const [{ resource: path }] = await Promise.all([params, requireActor()])
  const described = describedResource(path)
  if (!described) notFound()
  const { resource, description } = described
  const operations = operationsOn(resource.name)
  const call = `curl -H "Authorization: Bearer $MATRIARCH_TOKEN" '${env().MATRIARCH_URL}/api/v1/${path}?per=50'`
  return (
    <>
      <PageHeader
        crumbs={[
          { href: '/help', label: 'Help' },
          { href: `/${path}`, label: capital(resource.noun[1]) },
        ]}
        title={`About ${resource.noun[1]}`}
      />
      <div className="page-body max-w-[72rem]">
        <div className="grid max-w-[75ch] gap-2">
          {resource.help.map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
        </div>
        {operations.length > 0 && (
          <Card title="What can be done">
            <div className="grid gap-6">
              {operations.map((operation) => (
                <OperationHelp key={operation.name} operation={operationHelp(operation)} />
              ))}
            </div>
          </Card>
        )}
        <Card isFlush title="Fields">
          <FieldHelp resource={description} />
        </Card>
        <Card title="Searching and filtering">
          <SearchHelp resource={description} />
        </Card>
        <Card title="From a script">
          <div className="grid gap-2">
            <code className="code">{call}</code>
            <div>
              <CopyButton text={call} label="Copy the call" />
            </div>
            <p className="text-ink-2">
              The same filters, search, sort and page as in the address of the list. Everything is described in{' '}
              <a href="/api/openapi.json">/api/openapi.json</a>.
            </p>
          </div>
        </Card>
        <p>
          <Link href="/help" prefetch={false}>
            All help
          </Link>
        </p>
      </div>
    </>
  )
}

export default HelpPage
