import type { SettingKind, SettingsLook } from '@/lib/domain/settings/setting'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** All settings of a running server, as its pg_settings and its files say. */
export interface ServerSettingsRead {
  /** What is not at its default, secrets masked; the settings of the session that asks are left out. Throws `shell.*`, `sql.*`. */
  look: (instance: InstanceAddress, options: CallOptions) => Promise<SettingsLook>
  /** Every setting that it has, of extensions loaded at its start too, with its default: what `catalogue` of a look is the digest of. Throws `shell.*`, `sql.*`. */
  kinds: (instance: InstanceAddress, options: CallOptions) => Promise<SettingKind[]>
}
