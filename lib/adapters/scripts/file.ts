import { access, constants, lstat, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'

export type FoundScript = { path: string; directory: string } | { because: string }

const filePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** Write permission of the group and of others. */
const writableByOthers = 0o022

/**
 * The file of that name within the directory, if it may be run: a regular file, or a link to one that stays within, executable, and neither it nor its
 * directory to be changed by anybody but root and this user.
 */
export const findScript = async (directory: string | null, file: string): Promise<FoundScript> => {
  if (directory === null) return { because: 'HOOKS_DIRECTORY is not set on this worker, so it runs no script.' }
  if (!filePattern.test(file) || basename(file) !== file) return { because: `${file} is not the name of a file in HOOKS_DIRECTORY.` }
  try {
    const root = await realpath(directory)
    const path = await realpath(join(root, file))
    if (!path.startsWith(`${root}${sep}`)) return { because: `${file} is a link to a file outside of HOOKS_DIRECTORY.` }
    for (const folder of new Set([root, dirname(path)])) {
      const why = whyNotTrusted(await stat(folder), folder === root ? 'HOOKS_DIRECTORY' : `The directory of ${file}`)
      if (why !== null) return { because: why }
    }
    const seen = await lstat(path)
    if (!seen.isFile()) return { because: `${file} is not a regular file.` }
    const why = whyNotTrusted(seen, file)
    if (why !== null) return { because: why }
    await access(path, constants.X_OK)
    return { path, directory: root }
  } catch (error) {
    return { because: sayProblem(error as NodeJS.ErrnoException, file) }
  }
}

const whyNotTrusted = ({ uid, mode }: { uid: number; mode: number }, name: string): string | null => {
  const own = process.getuid?.() ?? 0
  if (uid !== 0 && uid !== own) return `${name} belongs to the user ${uid}. It has to belong to root or to the worker’s user (${own}).`
  return (mode & writableByOthers) === 0 ? null : `${name} can be changed by others. Use chmod go-w.`
}

const sayProblem = ({ code, message }: NodeJS.ErrnoException, file: string): string => {
  if (code === 'ENOENT') return `HOOKS_DIRECTORY of this worker has no file ${file}.`
  if (code === 'EACCES') return `${file} may not be executed by the worker. Use chmod u+x.`
  if (code === 'ELOOP') return `${file} is a link that leads nowhere.`
  return `${file} cannot be read: ${message}`
}
