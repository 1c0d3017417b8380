import type { IncomingHttpHeaders } from 'node:http'
import { CloudFault } from '../fault'
import { type Content, writeXml } from '../xml'

export interface S3Request {
  method: string
  /** Path and query as they came. */
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface S3Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** A request for a bucket, and an object in it unless `key` is ''. */
export interface Asked extends S3Request {
  bucket: string
  key: string
  query: URLSearchParams
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

export const xmlAnswer = (name: string, content: Content): S3Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(declaration + writeXml(name, content, namespace)),
})

export const bare = (status: number, headers: Record<string, string> = {}): S3Answer => ({ status, headers, body: Buffer.alloc(0) })

export const refusal = ({ code, message, status }: CloudFault, resource: string, requestId: string): S3Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(declaration + writeXml('Error', { Code: code, Message: message, Resource: resource, RequestId: requestId })),
})

export const noSuchKey = () => new CloudFault('NoSuchKey', 'The specified key does not exist.', 404)
export const quoted = (etag: string): string => `"${etag}"`
export const iso = (ms: number): string => new Date(ms).toISOString()
