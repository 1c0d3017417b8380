import type { CloudFault } from './fault'
import { type Content, writeXml } from './xml'

/** As a signature names it; `monitoring` is CloudWatch. */
export type Service = 'ec2' | 'sts' | 'pricing' | 'rds' | 'monitoring'

export interface Answer {
  status: number
  body: string
  contentType: string
}

const xml = 'text/xml;charset=UTF-8'
const json = 'application/x-amz-json-1.1'
const json10 = 'application/x-amz-json-1.0'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const ec2Namespace = ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
const namespaces: Readonly<Record<Service, string>> = {
  ec2: ec2Namespace,
  sts: ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"',
  rds: ' xmlns="http://rds.amazonaws.com/doc/2014-10-31/"',
  monitoring: ' xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"',
  pricing: '',
}

export const answered = (service: Service, action: string, requestId: string, content: { [name: string]: Content }): Answer => ({
  status: 200,
  contentType: xml,
  body:
    declaration +
    (service === 'ec2'
      ? writeXml(`${action}Response`, { requestId, ...content }, ec2Namespace)
      : writeXml(`${action}Response`, { [`${action}Result`]: content, ResponseMetadata: { RequestId: requestId } }, namespaces[service])),
})

export const answeredJson = (content: unknown, service: Service): Answer => ({
  status: 200,
  contentType: service === 'pricing' ? json : json10,
  body: JSON.stringify(content),
})

export const refused = (service: Service, requestId: string, { code, message, status }: CloudFault, isJson: boolean): Answer =>
  isJson
    ? { status, contentType: service === 'pricing' ? json : json10, body: JSON.stringify({ __type: code, message }) }
    : refusedXml(service, requestId, { code, message, status })

const refusedXml = (
  service: Service,
  requestId: string,
  { code, message, status }: Pick<CloudFault, 'code' | 'message' | 'status'>,
): Answer => ({
  status,
  contentType: xml,
  body:
    declaration +
    (service === 'ec2'
      ? writeXml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId })
      : writeXml('ErrorResponse', { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId }, namespaces[service])),
})
