import type { CloudFault } from './fault'
import { type Content, writeXml } from './xml'

export type Service = 'ec2' | 'sts' | 'pricing'

export interface Answer {
  status: number
  body: string
  contentType: string
}

const xml = 'text/xml;charset=UTF-8'
const json = 'application/x-amz-json-1.1'

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const ec2Namespace = ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
const stsNamespace = ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'

export const answered = (service: Service, action: string, requestId: string, content: { [name: string]: Content }): Answer => ({
  status: 200,
  contentType: xml,
  body:
    declaration +
    (service === 'ec2'
      ? writeXml(`${action}Response`, { requestId, ...content }, ec2Namespace)
      : writeXml(`${action}Response`, { [`${action}Result`]: content, ResponseMetadata: { RequestId: requestId } }, stsNamespace)),
})

export const answeredJson = (content: unknown): Answer => ({ status: 200, contentType: json, body: JSON.stringify(content) })

export const refused = (service: Service, requestId: string, { code, message, status }: CloudFault): Answer =>
  service === 'pricing'
    ? { status, contentType: json, body: JSON.stringify({ __type: code, message }) }
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
      : writeXml('ErrorResponse', { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId }, stsNamespace)),
})
