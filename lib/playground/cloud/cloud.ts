import type { IncomingHttpHeaders } from 'node:http'
import { sampleOffers } from '@/lib/domain/machines/sample'
import { type Answer, answered, answeredJson, refused, type Service } from './answers'
import { changeActions } from './ec2-change'
import { readActions } from './ec2-read'
import { CloudFault } from './fault'
import { Identities, type Principal } from './identity'
import { Limits } from './limits'
import { Params } from './params'
import { everything, targetsOf } from './policy-targets'
import { getProducts } from './pricing'
import { rds } from './rds'
import { metricsInJson, metricsInXml } from './rds/metrics'
import { SignatureFault, verifySignature } from './sigv4'
import { type CloudOptions, CloudState } from './state'
import type { Content } from './xml'

export interface CloudRequest {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** A request that was let in. */
export interface Seen {
  service: Service
  region: string
  action: string
  atMs: number
}

/** EC2's own for what another service calls SignatureDoesNotMatch. */
const signatureFault = (service: Service, { code, message }: SignatureFault): CloudFault => {
  if (service !== 'ec2') return new CloudFault(code, message, 403)
  if (message.startsWith('Signature expired')) return new CloudFault('RequestExpired', `Request has expired. ${message}`, 400)
  return new CloudFault('AuthFailure', 'AWS was not able to validate the provided access credentials', 401)
}

const claimedService = (headers: IncomingHttpHeaders): Service =>
  (['sts', 'pricing', 'rds', 'monitoring'] as const).find((one) => headers.authorization?.includes(`/${one}/aws4_request`)) ?? 'ec2'

/** One account of AWS, as strict as AWS: only what is rightly signed, allowed and within its limits is answered. */
export class Cloud {
  readonly state: CloudState
  readonly identities: Identities
  readonly limits = new Limits()
  readonly seen: Seen[] = []
  /** `eu-west-1 ec2:DescribeInstances`: denied to everybody in that region, as by a policy of the organisation. */
  readonly deniedIn = new Set<string>()

  constructor(accountId: string, options: CloudOptions) {
    this.state = new CloudState(accountId, options)
    this.identities = new Identities(accountId, options.now)
  }

  handle(request: CloudRequest, requestId: string): Answer {
    const service = claimedService(request.headers)
    const isJson = request.headers['x-amz-target'] !== undefined
    try {
      const { region, principal } = this.authenticate(request)
      if (service === 'pricing') return this.pricing(principal, region, request)
      const params = new Params(isJson ? '' : request.body)
      const action = isJson ? String(request.headers['x-amz-target']).split('.').at(-1)! : params.must('Action')
      if (service === 'monitoring') this.mustMeasure(principal, region, action)
      const answer = isJson
        ? answeredJson(metricsInJson(this.state, region, JSON.parse(request.body)), service)
        : answered(service, action, requestId, this.content(service, principal, region, action, params))
      this.seen.push({ service, region, action, atMs: this.state.options.now() })
      return answer
    } catch (error) {
      if (error instanceof SignatureFault) return refused(service, requestId, signatureFault(service, error), isJson)
      if (error instanceof CloudFault) return refused(service, requestId, error, isJson)
      throw error
    }
  }

  private content(service: Service, principal: Principal, region: string, action: string, params: Params): { [name: string]: Content } {
    switch (service) {
      case 'sts':
        return this.sts(principal, action, params)
      case 'rds':
        return rds(this, principal, region, action, params)
      case 'monitoring':
        return metricsInXml(this.state, region, params)
      default:
        return this.ec2(principal, region, action, params)
    }
  }

  private mustMeasure(principal: Principal, region: string, action: string): void {
    if (action !== 'GetMetricData') throw new CloudFault('InvalidAction', `Could not find operation ${action} for version 2010-08-01`)
    this.limits.take(
      `${region} monitoring`,
      this.state.options.limits.read,
      this.state.options.now(),
      () => new CloudFault('Throttling', 'Rate exceeded'),
    )
    this.identities.mustBeAllowed(principal, `cloudwatch:${action}`, [everything(region)])
  }

  private authenticate(request: CloudRequest): { region: string; principal: Principal } {
    // A signature is judged by the machine's clock; the states of machines may follow another.
    const { accessKeyId, region } = verifySignature(request, (id) => this.identities.find(id)?.secret, Date.now())
    const principal = this.identities.find(accessKeyId)!
    if (principal.sessionToken !== null && request.headers['x-amz-security-token'] !== principal.sessionToken)
      throw new SignatureFault('InvalidClientTokenId', 'The security token included in the request is invalid.')
    if (principal.expiresAtMs <= this.state.options.now())
      throw new CloudFault('ExpiredToken', 'The security token included in the request is expired', 403)
    return { region, principal }
  }

  private pricing(principal: Principal, region: string, { headers, body }: CloudRequest): Answer {
    const action = String(headers['x-amz-target']).replace('AWSPriceListService.', '')
    if (action !== 'GetProducts') throw new CloudFault('UnknownOperationException', `There is no operation ${action}.`)
    this.identities.mustBeAllowed(principal, `pricing:${action}`, [everything(region)])
    const content = getProducts(JSON.parse(body))
    this.seen.push({ service: 'pricing', region, action, atMs: this.state.options.now() })
    return answeredJson(content, 'pricing')
  }

  private sts(principal: Principal, action: string, params: Params): { [name: string]: Content } {
    // AWS answers everybody who they are.
    if (action === 'GetCallerIdentity') return this.identities.callerIdentity(principal)
    if (action === 'AssumeRole') return this.identities.assumeRole(principal, params)
    throw new CloudFault('InvalidAction', `Could not find operation ${action} for version 2011-06-15`)
  }

  private ec2(principal: Principal, region: string, action: string, params: Params): { [name: string]: Content } {
    if (sampleOffers[region] === undefined)
      throw new CloudFault('AuthFailure', `The region ${region} is not enabled for this account.`, 401)
    const [read, change] = [readActions[action], changeActions[action]]
    if (read === undefined && change === undefined)
      throw new CloudFault('InvalidAction', `The action ${action} is not valid for this web service.`)
    const { limits, now } = this.state.options
    this.limits.take(`${region} ${read ? 'read' : action}`, limits[read ? 'read' : 'change'], now())
    if (this.deniedIn.has(`${region} ec2:${action}`)) throw this.identities.forbidden(principal, `ec2:${action}`)
    const targets = read ? [everything(region)] : targetsOf(this.state, region, action, params)
    this.identities.mustBeAllowed(principal, `ec2:${action}`, targets)
    if (params.isTrue('DryRun')) {
      change?.judge(this.state, region, params)
      throw new CloudFault('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
    }
    return (read ?? change!.run)(this.state, region, params)
  }
}
