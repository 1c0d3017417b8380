import type { ParameterEdit, ParametersSeen } from '@/lib/domain/settings/parameter'
import type { SettingKind, SettingsLook } from '@/lib/domain/settings/setting'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** All settings of a running server, as its pg_settings and its files say. */
export interface ServerSettingsRead {
  /** What is not at its default, secrets masked; the settings of the session that asks are left out. Throws `shell.*`, `sql.*`. */
  look: (instance: InstanceAddress, options: CallOptions) => Promise<SettingsLook>
  /** Every setting that it has, of extensions loaded at its start too, with its default: what `catalogue` of a look is the digest of. Throws `shell.*`, `sql.*`. */
  kinds: (instance: InstanceAddress, options: CallOptions) => Promise<SettingKind[]>
  /** These parameters, by their names in any case, with what each file says of them. Throws `shell.*`, `sql.*`. */
  parameters: (instance: InstanceAddress, names: readonly string[], options: CallOptions) => Promise<ParametersSeen>
}

/** Throws `shell.*` / `sql.*`, with `isOver: true` when the action is known to be over or never to have begun. */
export interface ServerSettingsAct {
  /**
   * ALTER SYSTEM for each, one after the other in their order: a failure leaves those before it written. What was written is in postgresql.auto.conf, on the
   * disk; nothing is reloaded. Works on a standby.
   */
  alter: (instance: InstanceAddress, edits: readonly ParameterEdit[], options: CallOptions) => Promise<void>
}
