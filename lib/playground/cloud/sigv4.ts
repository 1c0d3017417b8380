import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedRequest {
  method: string
  /** Path and query as they came. */
  url: string
  headers: IncomingHttpHeaders
  body: string | Buffer
}

export interface Signed {
  accessKeyId: string
  service: string
  region: string
}

export class SignatureFault extends Error {
  constructor(
    readonly code: 'MissingAuthenticationToken' | 'InvalidClientTokenId' | 'SignatureDoesNotMatch' | 'XAmzContentSHA256Mismatch',
    message: string,
  ) {
    super(message)
  }
}

const skewMaxMs = 5 * 60_000
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const authorization =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** What the signature of a request to S3 stands for. Throws where the body is another one. */
const signedPayload = ({ headers, body }: SignedRequest): string => {
  const said = String(headers['x-amz-content-sha256'] ?? '')
  if (said !== 'UNSIGNED-PAYLOAD' && said !== sha256(body))
    throw new SignatureFault('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.")
  return said
}

/** Signature version 4, recomputed from the request as it arrived. Throws SignatureFault as AWS words it. */
export const verifySignature = (request: SignedRequest, secretOf: (accessKeyId: string) => string | undefined, nowMs: number): Signed => {
  const match = authorization.exec(request.headers.authorization ?? '')
  if (!match) throw new SignatureFault('MissingAuthenticationToken', 'Request is missing Authentication Token')
  const [, accessKeyId, day, region, service, signedHeaders, signature] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const secret = secretOf(accessKeyId)
  if (secret === undefined) throw new SignatureFault('InvalidClientTokenId', 'The security token included in the request is invalid.')

  const stamp = String(request.headers['x-amz-date'] ?? '')
  const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(at - nowMs) <= skewMaxMs) || !stamp.startsWith(day))
    throw new SignatureFault('SignatureDoesNotMatch', `Signature expired: ${stamp} is now earlier than the allowed time.`)

  const url = new URL(request.url, 'http://aws')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  // S3 alone takes the path as it was sent, and says what of the body is signed.
  const isS3 = service === 's3'
  const path = isS3 ? request.url.split('?')[0]! : url.pathname.split('/').map(encode).join('/')
  const headers = signedHeaders.split(';')
  if (!headers.includes('host')) throw new SignatureFault('SignatureDoesNotMatch', 'The host header is not signed.')
  const canonical = [
    request.method,
    path,
    query,
    ...headers.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    signedHeaders,
    isS3 ? signedPayload(request) : sha256(request.body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [region, service, 'aws4_request'].reduce((from, part) => hmac(from, part), hmac(`AWS4${secret}`, day))
  const expected = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n'))
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    throw new SignatureFault(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    )
  return { accessKeyId, service, region }
}
