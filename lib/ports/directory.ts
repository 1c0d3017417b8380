import type { CheckStep } from '@/lib/domain/values/check-step'

/** Somebody the directory vouches for. `groups` in lower case: each by its distinguished name, and by its plain name where that is unambiguous. */
export interface DirectoryPerson {
  userName: string
  fullName: string
  email: string
  groups: string[]
}

export type DirectoryStep = CheckStep<'connect' | 'bind' | 'people' | 'groups' | 'login', 'pass' | 'fail' | 'skipped'>

export interface Directory {
  /**
   * Proves a password. Throws `auth.rejected` (unknown name, wrong or empty password: never told apart) or `auth.directory-down`.
   * Answers within the deadline the adapter was made with.
   */
  authenticate: (userName: string, password: string) => Promise<DirectoryPerson>
  /** The person as the directory knows them now, without a password; null: nobody of that name, or an account that is disabled, locked for good or expired. Throws `auth.directory-down`. */
  find: (userName: string) => Promise<DirectoryPerson | null>
  /** Step by step, for the settings page; runs to the end of what can be run and never throws. */
  check: (login?: { userName: string; password: string }) => Promise<DirectoryStep[]>
}
