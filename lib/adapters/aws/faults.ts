import { Fault, type FaultCode } from '@/lib/kernel/ground/errors'
import type { CloudSettings } from '@/lib/ports/machines'

interface SdkError {
  name?: string
  message?: string
  code?: string
  $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number }
}

/** A request and the account that it is for. */
export interface Asked {
  account: CloudSettings
  /** A region, or a service without any. */
  where: string
  /** As a policy names it: `ec2:DescribeInstances`. */
  action: string
  /** It changes something: an answer that is lost leaves open whether it did. */
  isDeed?: boolean
}

const throttled: ReadonlySet<string> = new Set(['RequestLimitExceeded', 'Throttling', 'ThrottlingException'])

/** No machine to give: AWS's own want (told with 500), a zone without the type, or the account's quota. Source: EC2 and RDS APIs, error codes. */
const noCapacity: ReadonlySet<string> = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientCapacity',
  'InsufficientHostCapacity',
  'InstanceLimitExceeded',
  'VcpuLimitExceeded',
  'MaxSpotInstanceCountExceeded',
  'SpotMaxPriceTooLow',
  'Unsupported',
  'InsufficientDBInstanceCapacityFault',
  'InstanceQuotaExceededFault',
])

/** What a machine, as it is built, cannot become. Source: EC2 API, error codes of ModifyInstanceAttribute and StartInstances. */
const unfit: ReadonlySet<string> = new Set(['InvalidParameterCombination', 'InvalidParameterValue', 'InvalidInstanceAttributeValue'])
const fitted: ReadonlySet<string> = new Set([
  'ec2:ModifyInstanceAttribute',
  'ec2:StartInstances',
  'ec2:RunInstances',
  'rds:ModifyDBInstance',
])

/** Somebody was quicker, or the cloud's own parts do not agree yet. Source: EC2 and RDS APIs, error codes. */
const wrongState: ReadonlySet<string> = new Set([
  'IncorrectInstanceState',
  'IncorrectState',
  'InvalidDBInstanceStateFault',
  'DependencyViolation',
  'VolumeInUse',
])

const remedies: Readonly<Record<string, string>> = {
  AuthFailure: 'Check the access key, the region and the worker’s clock.',
  InvalidClientTokenId: 'AWS does not know the access key id.',
  SignatureDoesNotMatch: 'The secret access key is another one, or the worker’s clock is wrong.',
  RequestExpired: 'The worker’s clock is wrong.',
  CredentialsProviderError: 'The worker’s host has no AWS credentials; give the account an access key.',
}

const unauthorized: ReadonlySet<string> = new Set(['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'])

/** An explicit deny stays, whatever else is allowed. Source: IAM User Guide, access denied error messages. */
const rightsRemedy = (message: string): string => {
  if (/explicit deny in a (service|resource) control policy/.test(message))
    return 'A control policy of the AWS organisation forbids it: only who manages the organisation can allow it'
  if (message.includes('explicit deny')) return 'A statement with "Effect": "Deny" forbids it: take that one out of their policy'
  return 'Allow it in their policy'
}

const lateNames: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError'])

const placeOf = ({ account, where }: Asked) => `AWS account ${account.name} (${where})`

/** It gave up before its turn came: nothing was sent. */
export const neverSent = (asked: Asked): Fault =>
  new Fault('cloud.unreachable', {
    because: `${placeOf(asked)} was not asked for ${asked.action}: an earlier request of the console has no answer yet.`,
    isOver: true,
  })

/** Whoever asked does not want the answer any more. */
export const cancelled = (asked: Asked, cause?: unknown): Fault =>
  new Fault(
    'shell.cancelled',
    { because: `The request ${asked.action} to ${placeOf(asked)} was cancelled.`, isOver: asked.isDeed !== true },
    { cause },
  )

export const isThrottled = (error: unknown): boolean => throttled.has((error as SdkError).name ?? '')

/** The answer of a dry run that would have been let through. */
export const isDryRunPassed = (error: unknown): boolean => (error as SdkError).name === 'DryRunOperation'

/** Or RDS looked for an instance that is not there, or the state of things was in the way: both judge the rights before that. */
export const isLetThrough = (error: unknown): boolean => {
  const { name = '' } = error as SdkError
  return isDryRunPassed(error) || name === 'DBInstanceNotFoundFault' || wrongState.has(name) || noCapacity.has(name)
}

/** What the SDK throws for a request as one of our own, with AWS's request id. `signal`: the caller's. */
export const asFault = (asked: Asked, error: unknown, signal?: AbortSignal): Fault => {
  const { account, action, isDeed = false } = asked
  const { name: code = 'Error', message = '', $metadata: metadata } = error as SdkError
  const status = metadata?.httpStatusCode
  const place = placeOf(asked)
  const request = metadata?.requestId === undefined ? '' : ` (request ${metadata.requestId})`
  const isAnswer = throttled.has(code) || noCapacity.has(code) || (status !== undefined && status < 500)
  // A refusal answers for its own try alone: an earlier one, whose answer was lost, may have done it.
  const isOver = !isDeed || (isAnswer && metadata?.attempts === 1)
  const fault = (kind: FaultCode, because: string) => new Fault(kind, { because, isOver }, { cause: error })
  if (throttled.has(code)) return fault('cloud.unreachable', `${place} answers too many requests at the moment: ${code}${request}.`)
  if (noCapacity.has(code)) return fault('cloud.no-capacity', `${place} refused ${action}: ${code}: ${message}${request}`)
  if (unauthorized.has(code))
    return fault(
      'cloud.refused',
      action === 'sts:AssumeRole' || message.includes('sts:AssumeRole')
        ? `${place} does not let the console assume ${account.role?.arn ?? 'the role'}: its trust policy must name these credentials and the external id, and no policy of theirs may withhold sts:AssumeRole${request}.`
        : `${place}: the credentials may not do ${action}. ${rightsRemedy(message)}${request}.`,
    )
  if (code === 'CredentialsProviderError')
    return new Fault('cloud.refused', { because: `${place}: ${remedies[code]}`, isOver: true }, { cause: error })
  if (wrongState.has(code)) return fault('cloud.wrong-state', `${place} refused ${action}: ${code}: ${message}${request}`)
  if (unfit.has(code) && fitted.has(action)) return fault('cloud.unfit', `${place} refused ${action}: ${code}: ${message}${request}`)
  if (status !== undefined && status < 500)
    return fault('cloud.refused', `${place} refused ${action}: ${code}: ${message} ${remedies[code] ?? ''}`.trim() + request)
  if (signal?.aborted) return cancelled(asked, error)
  const why = lateNames.has(code) ? 'no answer in time' : message || code
  return fault('cloud.unreachable', `${place} does not answer ${action}: ${why}${request}.`)
}
