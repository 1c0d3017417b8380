import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface StoredObject {
  key: string
  bytes: number
  /** Without quotes. */
  etag: string
  /** Milliseconds since 1970. */
  modifiedAt: number
}

const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex')
export const md5Of = (body: Buffer): string => createHash('md5').update(body).digest('hex')

/**
 * Objects of buckets, in a folder: they outlive whoever serves them. Each is a file of its bytes and, put there last, one that says what it is: an object is there
 * whole or not at all. At most `bytesMax` together.
 */
export class ObjectStore {
  private readonly buckets = new Map<string, Map<string, StoredObject>>()
  private bytes = 0

  constructor(
    private readonly folder: string,
    private readonly bytesMax: number,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const bucket of readdirSync(folder)) {
      const objects = new Map<string, StoredObject>()
      for (const file of readdirSync(join(folder, bucket)).filter((name) => name.endsWith('.json'))) {
        const found = JSON.parse(readFileSync(join(folder, bucket, file), 'utf8')) as StoredObject
        objects.set(found.key, found)
        this.bytes += found.bytes
      }
      this.buckets.set(bucket, objects)
    }
  }

  addBucket(bucket: string): void {
    mkdirSync(join(this.folder, bucket), { recursive: true, mode: 0o700 })
    if (!this.buckets.has(bucket)) this.buckets.set(bucket, new Map())
  }

  hasBucket(bucket: string): boolean {
    return this.buckets.has(bucket)
  }

  /** In the order of their keys' bytes, as S3 lists them. */
  list(bucket: string, prefix: string): StoredObject[] {
    return [...this.in(bucket).values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }

  find(bucket: string, key: string): StoredObject | undefined {
    return this.in(bucket).get(key)
  }

  read(bucket: string, key: string): Buffer {
    return readFileSync(this.file(bucket, key))
  }

  /** False: there is no room for it. */
  hasRoom(bytes: number): boolean {
    return this.bytes + bytes <= this.bytesMax
  }

  put(bucket: string, key: string, body: Buffer, { etag, modifiedAt }: Pick<StoredObject, 'etag' | 'modifiedAt'>): void {
    const file = this.file(bucket, key)
    const object: StoredObject = { key, bytes: body.length, etag, modifiedAt }
    for (const [path, content] of [
      [file, body],
      [`${file}.json`, JSON.stringify(object)],
    ] as const) {
      writeFileSync(`${path}.new`, content, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    }
    this.bytes += body.length - (this.find(bucket, key)?.bytes ?? 0)
    this.in(bucket).set(key, object)
  }

  delete(bucket: string, key: string): void {
    const found = this.find(bucket, key)
    if (found === undefined) return
    const file = this.file(bucket, key)
    for (const path of [`${file}.json`, file]) if (existsSync(path)) rmSync(path)
    this.bytes -= found.bytes
    this.in(bucket).delete(key)
  }

  private in(bucket: string): Map<string, StoredObject> {
    return this.buckets.get(bucket)!
  }

  private file(bucket: string, key: string): string {
    return join(this.folder, bucket, nameOf(key))
  }
}
