import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { CheckpointStore } from '@/lib/ports/audit-places'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants
const writableByOthers = 0o022

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** Without its cause: a missing folder is not to be taken for a database that is gone. */
const failed = (path: string, what: string, error: unknown): Error =>
  new Error(`AUDIT_FILE ${path} cannot be ${what}: ${(error as Error).message}`)

const within = async <T>(path: string, flags: number, work: (file: FileHandle) => Promise<T>): Promise<T> => {
  const file = await open(path, flags | O_NOFOLLOW, 0o600)
  try {
    const { mode } = await file.stat()
    if ((mode & writableByOthers) !== 0)
      throw new Error(`others than its owner may write it (mode ${(mode & 0o777).toString(8)}); run chmod 600 on it`)
    return await work(file)
  } finally {
    await file.close()
  }
}

const readFrom = async (file: FileHandle, start: number, end: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(end - start)
  let at = 0
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}

/** Where the last whole line ends. What stands behind it was being written when the machine went down, and was never counted on. */
const endOfLines = async (file: FileHandle): Promise<number> => {
  const { size } = await file.stat()
  const start = Math.max(0, size - 64 * 1024)
  return start + (await readFrom(file, start, size)).lastIndexOf(0x0a) + 1
}

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path), O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** One line a checkpoint, only added to, mode 0600; its cursor counts bytes. It follows no symbolic link. */
export const makeCheckpointFile = (path: string): CheckpointStore => ({
  place: `${hostname()}:${path}`,
  read: async (cursor) => {
    try {
      return await within(path, O_RDONLY, async (file) => {
        const { size } = await file.stat()
        if (size < cursor) return { documents: [], cursor: size, isCut: true }
        const bytes = await readFrom(file, cursor, size)
        const end = bytes.lastIndexOf(0x0a) + 1
        const documents = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
        return { documents, cursor: cursor + end, isCut: false }
      })
    } catch (error) {
      if (isMissing(error)) return null
      throw failed(path, 'read', error)
    }
  },
  append: async (document) => {
    try {
      await within(path, O_RDWR | O_APPEND | O_CREAT, async (file) => {
        const { size } = await file.stat()
        const end = size === 0 ? 0 : await endOfLines(file)
        if (end < size) await file.truncate(end)
        try {
          await file.appendFile(`${document}\n`)
          await file.sync()
        } catch (error) {
          // A disk that is full has taken a part of it.
          await file.truncate(end).catch(() => {})
          throw error
        }
        if (size === 0) await syncFolder(path)
      })
    } catch (error) {
      throw failed(path, 'written', error)
    }
  },
})
