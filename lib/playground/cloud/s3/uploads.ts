import { randomBytes } from 'node:crypto'
import { CloudFault } from '../fault'
import { child, parseXml, textOf } from '../xml'
import { type Asked, bare, quoted, type S3Answer, xmlAnswer } from './answer'
import { md5Of, type ObjectStore } from './store'

/** S3's own: of every part but the last. */
const partBytesMin = 5 * 2 ** 20
const partsMax = 10_000
/** Begun and never completed: the oldest is forgotten. */
const uploadsMax = 100

interface Upload {
  bucket: string
  key: string
  parts: Map<number, { etag: string; body: Buffer }>
}

/** Objects that come in parts. What is begun and not completed is held in memory, and lost with whoever serves it. */
export class Uploads {
  private readonly open = new Map<string, Upload>()

  constructor(
    private readonly store: ObjectStore,
    private readonly now: () => number,
  ) {}

  begin({ bucket, key }: Asked): S3Answer {
    const id = randomBytes(24).toString('hex')
    if (this.open.size >= uploadsMax) this.open.delete(this.open.keys().next().value!)
    this.open.set(id, { bucket, key, parts: new Map() })
    return xmlAnswer('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id })
  }

  part(asked: Asked): S3Answer {
    const number = Number(asked.query.get('partNumber'))
    if (!Number.isInteger(number) || number < 1 || number > partsMax)
      throw new CloudFault('InvalidArgument', `Part number must be an integer between 1 and ${partsMax}, inclusive`)
    const { parts } = this.find(asked)
    const held = [...this.open.values()].flatMap((one) => [...one.parts.values()]).reduce((sum, { body }) => sum + body.length, 0)
    if (!this.store.hasRoom(held + asked.body.length)) throw isFull()
    const etag = md5Of(asked.body)
    parts.set(number, { etag, body: asked.body })
    return bare(200, { etag: quoted(etag) })
  }

  complete(asked: Asked): S3Answer {
    const { bucket, key } = asked
    const { parts } = this.find(asked)
    const wanted = parseXml(asked.body.toString('utf8'))
      .children.filter(({ name }) => name === 'Part')
      .map((one) => ({ number: Number(child(one, 'PartNumber')?.text), etag: textOf(one, 'ETag')?.replaceAll('"', '') }))
    const bodies = wanted.map(({ number, etag }, at) => {
      if (at > 0 && number <= wanted[at - 1]!.number)
        throw new CloudFault('InvalidPartOrder', 'The list of parts was not in ascending order.')
      const found = parts.get(number)
      if (found === undefined || found.etag !== etag)
        throw new CloudFault('InvalidPart', 'One or more of the specified parts could not be found.')
      if (at < wanted.length - 1 && found.body.length < partBytesMin)
        throw new CloudFault('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
      return found.body
    })
    if (bodies.length === 0) throw new CloudFault('MalformedXML', 'The XML you provided was not well-formed')
    const sum = md5Of(Buffer.from(wanted.map(({ etag }) => etag).join(''), 'hex'))
    const etag = `${sum}-${bodies.length}`
    this.store.put(bucket, key, Buffer.concat(bodies), { etag, modifiedAt: this.now() })
    this.open.delete(asked.query.get('uploadId')!)
    return xmlAnswer('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: quoted(etag) })
  }

  abort(asked: Asked): S3Answer {
    this.find(asked)
    this.open.delete(asked.query.get('uploadId')!)
    return bare(204)
  }

  private find({ bucket, key, query }: Asked): Upload {
    const found = this.open.get(query.get('uploadId') ?? '')
    if (found === undefined || found.bucket !== bucket || found.key !== key)
      throw new CloudFault('NoSuchUpload', 'The specified upload does not exist. The upload ID may be invalid.', 404)
    return found
  }
}

/** S3 never says so; the playground's disk is not endless. */
export const isFull = () => new CloudFault('InsufficientStorage', 'The twin of S3 holds as much as it may.', 507)
