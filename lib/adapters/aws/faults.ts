import { Fault } from '@/lib/kernel/ground/errors'
import type { CloudSettings } from '@/lib/ports/machines'

interface SdkError {
  name?: string
  message?: string
  code?: string
  $metadata?: { httpStatusCode?: number; requestId?: string }
}

const throttled: ReadonlySet<string> = new Set(['RequestLimitExceeded', 'Throttling', 'ThrottlingException'])

const remedies: Readonly<Record<string, string>> = {
  AuthFailure: 'Check the access key, the region and the worker’s clock.',
  InvalidClientTokenId: 'AWS does not know the access key id.',
  SignatureDoesNotMatch: 'The secret access key is another one, or the worker’s clock is wrong.',
  RequestExpired: 'The worker’s clock is wrong.',
  CredentialsProviderError: 'The worker’s host has no AWS credentials; give the account an access key.',
}

const unauthorized: ReadonlySet<string> = new Set(['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'])

/** What the SDK throws while it asks for `action` (`ec2:DescribeInstances`) as one of our own, with AWS's request id. */
export const asFault = (account: CloudSettings, where: string, action: string, error: unknown): Fault => {
  const { name: code = 'Error', message = '', $metadata: metadata } = error as SdkError
  const place = `AWS account ${account.name} (${where})`
  const request = metadata?.requestId === undefined ? '' : ` (request ${metadata.requestId})`
  const fault = (kind: 'cloud.refused' | 'cloud.unreachable', because: string) =>
    new Fault(kind, { because, isOver: true }, { cause: error })
  if (throttled.has(code)) return fault('cloud.unreachable', `${place} answers too many requests at the moment: ${code}${request}.`)
  if (unauthorized.has(code))
    return fault(
      'cloud.refused',
      action === 'sts:AssumeRole' || message.includes('sts:AssumeRole')
        ? `${place} does not let the console assume ${account.role?.arn ?? 'the role'}: its trust policy must name these credentials and the external id${request}.`
        : `${place}: the credentials may not do ${action}. Allow it in their policy${request}.`,
    )
  if (code === 'CredentialsProviderError') return fault('cloud.refused', `${place}: ${remedies[code]}`)
  if (metadata?.httpStatusCode !== undefined && metadata.httpStatusCode < 500)
    return fault('cloud.refused', `${place} refused ${action}: ${code}: ${message} ${remedies[code] ?? ''}`.trim() + request)
  const why = code === 'AbortError' || code === 'TimeoutError' ? 'no answer in time' : message || code
  return fault('cloud.unreachable', `${place} does not answer ${action}: ${why}${request}.`)
}
