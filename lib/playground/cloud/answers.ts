import type { CloudFault } from './fault'
import { type Content, writeXml } from './xml'

export type Service = 'ec2' | 'sts'

export interface Answer {
  status: number
  body: string
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const ec2Namespace = ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
const stsNamespace = ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'

export const answered = (service: Service, action: string, requestId: string, content: { [name: string]: Content }): Answer => ({
  status: 200,
  body:
    declaration +
    (service === 'ec2'
      ? writeXml(`${action}Response`, { requestId, ...content }, ec2Namespace)
      : writeXml(`${action}Response`, { [`${action}Result`]: content, ResponseMetadata: { RequestId: requestId } }, stsNamespace)),
})

export const refused = (service: Service, requestId: string, { code, message, status }: CloudFault): Answer => ({
  status,
  body:
    declaration +
    (service === 'ec2'
      ? writeXml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId })
      : writeXml('ErrorResponse', { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId }, stsNamespace)),
})
