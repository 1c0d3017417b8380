import { createHash } from 'node:crypto'
import { CloudFault } from '../fault'
import type { Identities, Principal } from '../identity'
import { SignatureFault, verifySignature } from '../sigv4'
import { parseXml, textOf } from '../xml'
import { type Asked, bare, iso, noSuchKey, quoted, refusal, type S3Answer, type S3Request, xmlAnswer } from './answer'
import { md5Of, type ObjectStore } from './store'
import { isFull, Uploads } from './uploads'

const keysMax = 1000

/** Buckets of one account: only what is rightly signed and allowed is answered. As strict as S3 where clients differ. */
export class S3 {
  private readonly uploads: Uploads
  /** `PutObject shop/archive/…`, of requests that were let in. */
  readonly seen: string[] = []

  /** `host`: the endpoint's name, after which a bucket's name may stand as in `shop.s3.example`. */
  constructor(
    private readonly store: ObjectStore,
    private readonly identities: Identities,
    private readonly options: { host: string; now: () => number },
  ) {
    this.uploads = new Uploads(store, options.now)
  }

  handle(request: S3Request, requestId: string): S3Answer {
    const asked = this.read(request)
    try {
      const answer = this.answer(asked, this.authenticate(request))
      return request.method === 'HEAD' ? { ...answer, body: Buffer.alloc(0) } : answer
    } catch (error) {
      const fault = error instanceof SignatureFault ? new CloudFault(error.code, error.message, 403) : error
      if (!(fault instanceof CloudFault)) throw error
      const refused = refusal(fault, `/${asked.bucket}/${asked.key}`, requestId)
      return request.method === 'HEAD' ? { ...refused, body: Buffer.alloc(0) } : refused
    }
  }

  private read(request: S3Request): Asked {
    const [path = '/', query = ''] = request.url.split(/\?(.*)/s)
    const name = String(request.headers.host ?? '').replace(/:\d+$/, '')
    const own = name.endsWith(`.${this.options.host}`) ? name.slice(0, -this.options.host.length - 1) : null
    const whole = decodeURIComponent(path.slice(1))
    const cut = whole.indexOf('/')
    const [bucket, key] = own !== null ? [own, whole] : cut < 0 ? [whole, ''] : [whole.slice(0, cut), whole.slice(cut + 1)]
    return { ...request, bucket, key, query: new URLSearchParams(query) }
  }

  private authenticate(request: S3Request): Principal {
    const { accessKeyId, service } = verifySignature(request, (id) => this.identities.find(id)?.secret, Date.now())
    if (service !== 's3') throw new SignatureFault('SignatureDoesNotMatch', `Credential should be scoped to correct service: 's3'.`)
    const principal = this.identities.find(accessKeyId)!
    if (principal.sessionToken !== null && request.headers['x-amz-security-token'] !== principal.sessionToken)
      throw new CloudFault('InvalidToken', 'The provided token is malformed or otherwise invalid.', 400)
    if (principal.expiresAtMs <= this.options.now()) throw new CloudFault('ExpiredToken', 'The provided token has expired.', 400)
    const said = request.headers['content-md5']
    if (said !== undefined && said !== createHash('md5').update(request.body).digest('base64'))
      throw new CloudFault('BadDigest', 'The Content-MD5 you specified did not match what we received.')
    return principal
  }

  private answer(asked: Asked, principal: Principal): S3Answer {
    const { method, bucket, key, query } = asked
    const may = (action: string, object = key) => {
      const arn = `arn:aws:s3:::${bucket}${object === '' ? '' : `/${object}`}`
      this.identities.mustBeAllowed(principal, `s3:${action}`, [{ arn, keys: {} }])
      this.seen.push(`${action} ${bucket}/${object}`)
    }
    const does = (action: string, answer: () => S3Answer) => {
      may(action)
      return answer()
    }
    if (bucket === '' || !this.store.hasBucket(bucket)) throw new CloudFault('NoSuchBucket', 'The specified bucket does not exist', 404)
    if (key === '') {
      if (method === 'GET' && query.get('list-type') === '2') return does('ListBucket', () => this.list(asked))
      if (method === 'GET' && query.has('location')) return does('GetBucketLocation', () => xmlAnswer('LocationConstraint', ''))
      if (method === 'HEAD') return does('ListBucket', () => bare(200))
      if (method === 'POST' && query.has('delete')) return this.deleteMany(asked, (object) => may('DeleteObject', object))
    } else {
      const isPart = query.has('uploadId')
      if (method === 'POST' && query.has('uploads')) return does('PutObject', () => this.uploads.begin(asked))
      if (method === 'POST' && isPart) return does('PutObject', () => this.uploads.complete(asked))
      if (method === 'PUT' && isPart) return does('PutObject', () => this.uploads.part(asked))
      if (method === 'DELETE' && isPart) return does('AbortMultipartUpload', () => this.uploads.abort(asked))
      if (method === 'PUT') return does('PutObject', () => this.put(asked))
      if (method === 'GET' || method === 'HEAD') return does('GetObject', () => this.get(asked))
      if (method === 'DELETE')
        return does('DeleteObject', () => {
          this.store.delete(bucket, key)
          return bare(204)
        })
    }
    throw new CloudFault('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405)
  }

  private put({ bucket, key, body, headers }: Asked): S3Answer {
    if (!this.store.hasRoom(body.length)) throw isFull()
    const etag = md5Of(body)
    this.store.put(bucket, key, body, { etag, modifiedAt: this.options.now() })
    const encryption = headers['x-amz-server-side-encryption']
    return bare(200, {
      etag: quoted(etag),
      ...(encryption === undefined ? {} : { 'x-amz-server-side-encryption': String(encryption) }),
    })
  }

  private get({ bucket, key, headers }: Asked): S3Answer {
    const found = this.store.find(bucket, key)
    if (found === undefined) throw noSuchKey()
    const body = this.store.read(bucket, key)
    const own = {
      etag: quoted(found.etag),
      'last-modified': new Date(found.modifiedAt).toUTCString(),
      'accept-ranges': 'bytes',
      'content-type': 'binary/octet-stream',
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
    if (range === null) return { status: 200, headers: { ...own, 'content-length': String(body.length) }, body }
    const [from, to] = [Number(range[1]), range[2] === '' ? body.length - 1 : Math.min(Number(range[2]), body.length - 1)]
    if (from > to) throw new CloudFault('InvalidRange', 'The requested range is not satisfiable', 416)
    const piece = body.subarray(from, to + 1)
    return {
      status: 206,
      headers: { ...own, 'content-length': String(piece.length), 'content-range': `bytes ${from}-${to}/${body.length}` },
      body: piece,
    }
  }

  /** Keys with `delimiter` after the prefix are told once, by what they begin with. */
  private list({ bucket, query }: Asked): S3Answer {
    const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
    const max = Math.min(Number(query.get('max-keys') ?? keysMax), keysMax)
    const token = query.get('continuation-token')
    const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString('utf8')
    const common = new Set<string>()
    const contents = []
    let last = ''
    let isTruncated = false
    for (const object of this.store.list(bucket, prefix)) {
      const cut = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length)
      const name = cut < 0 ? object.key : object.key.slice(0, cut + delimiter.length)
      if (Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0 || common.has(name)) continue
      if (contents.length + common.size >= max) {
        isTruncated = true
        break
      }
      last = name
      if (cut >= 0) common.add(name)
      else
        contents.push({
          Key: object.key,
          LastModified: iso(object.modifiedAt),
          ETag: quoted(object.etag),
          Size: object.bytes,
          StorageClass: 'STANDARD',
        })
    }
    return xmlAnswer('ListBucketResult', {
      Name: bucket,
      Prefix: prefix,
      ...(delimiter === '' ? {} : { Delimiter: delimiter }),
      MaxKeys: max,
      KeyCount: contents.length + common.size,
      IsTruncated: isTruncated,
      ...(isTruncated ? { NextContinuationToken: Buffer.from(last).toString('base64') } : {}),
      Contents: contents,
      CommonPrefixes: [...common].map((one) => ({ Prefix: one })),
    })
  }

  private deleteMany({ bucket, body, headers }: Asked, mayDelete: (key: string) => void): S3Answer {
    if (headers['content-md5'] === undefined && !Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-')))
      throw new CloudFault('InvalidRequest', 'Missing required header for this request: Content-MD5')
    const root = parseXml(body.toString('utf8'))
    const keys = root.children.filter(({ name }) => name === 'Object').map((one) => textOf(one, 'Key') ?? '')
    if (keys.length === 0 || keys.length > keysMax) throw new CloudFault('MalformedXML', 'The XML you provided was not well-formed')
    for (const key of keys) {
      mayDelete(key)
      this.store.delete(bucket, key)
    }
    return xmlAnswer('DeleteResult', textOf(root, 'Quiet') === 'true' ? {} : { Deleted: keys.map((Key) => ({ Key })) })
  }
}
