import type { ReaderLines } from '@/lib/domain/reader/reader-role'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** The role as a server has it. */
export interface ReaderRole {
  /** Which job made it; null: no job of a console. */
  madeBy: string | null
  /** What it may that it must not, in words; empty: it is harmless. */
  excess: string[]
}

/** What the files that decide over logins say. */
export interface ReaderFiles {
  hbaFile: string
  identFile: string
  /** The console's own lines in them; null: none. */
  lines: ReaderLines | null
  /** Why they cannot be written, in words; null: they can. */
  problem: string | null
  /** primary_conninfo holds a password, which members of pg_monitor can read. */
  showsPassword: boolean
}

export type ReaderLogin =
  /** `excess` as of the role. `openDoors`: functions of that database through which everybody acts as somebody mightier. */
  | { works: true; excess: string[]; openDoors: string[] }
  /** The server refused the login. */
  | { works: false; because: string }

/** The login under which people's statements read: a role of the cluster, and lines in the files of each of its servers. Needs a running server. */
export interface ReadersRead {
  /** null: there is none. Throws `shell.*`, `sql.*`. */
  role: (instance: InstanceAddress, options: CallOptions) => Promise<ReaderRole | null>
  /** Throws `shell.*`, `sql.*`. */
  files: (instance: InstanceAddress, options: CallOptions) => Promise<ReaderFiles>
  /** Logs in as the reader. A refusal is an answer; throws `shell.*`, `sql.*` where the server could not be asked. */
  login: (instance: InstanceAddress, database: string, options: CallOptions) => Promise<ReaderLogin>
}

/** Each throws `shell.*` / `sql.*`, with `isOver: true` when the action is known to be over or never to have begun. */
export interface ReadersAct {
  /** On a primary. `key` names the maker: letters, digits, dashes. An error when there is such a role. */
  make: (instance: InstanceAddress, key: string, options: CallOptions) => Promise<void>
  /** Only what that maker made. No such role is no error; one that was granted things is. */
  drop: (instance: InstanceAddress, key: string, options: CallOptions) => Promise<void>
  /** Puts the console's own lines into both files, pg_hba.conf's first; null takes them out. They count from the next reload on. */
  write: (instance: InstanceAddress, lines: ReaderLines | null, options: CallOptions) => Promise<void>
}
