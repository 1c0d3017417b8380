export interface FollowText {
  conninfo: Readonly<Record<string, string>>
  slotName: string | null
}

/** A libpq connection string: every value quoted, so that blanks and quotes stay within it. Keywords are letters and underscores; others throw RangeError. */
export const writeConninfo = (conninfo: Readonly<Record<string, string>>): string =>
  Object.entries(conninfo)
    .map(([key, value]) => {
      if (!/^[a-z_]+$/.test(key)) throw new RangeError(`“${key}” is no keyword of a connection string.`)
      if (/[\0\r\n]/.test(value)) throw new RangeError(`The value of ${key} cannot hold a line end.`)
      return /^[A-Za-z0-9_./:-]+$/.test(value) ? `${key}=${value}` : `${key}='${value.replace(/[\\']/g, '\\$&')}'`
    })
    .join(' ')

/** A line of a configuration file as ALTER SYSTEM writes it: quotes and backslashes doubled. */
const confLine = (name: string, value: string): string => `${name} = '${value.replace(/[\\']/g, '$&$&')}'`

/** The lines that make a standby follow so: of postgresql.auto.conf from 12 on, of recovery.conf up to 11. */
export const followLines = ({ conninfo, slotName }: FollowText): string[] => {
  if (slotName !== null && !/^[a-z0-9_]{1,63}$/.test(slotName)) throw new RangeError(`“${slotName}” is no name of a slot.`)
  return [confLine('primary_conninfo', writeConninfo(conninfo)), ...(slotName === null ? [] : [confLine('primary_slot_name', slotName)])]
}

/** A whole recovery.conf (10 and 11): it follows timelines, which 12 and later do by themselves. */
export const recoveryConf = (following: FollowText | null): string =>
  [`standby_mode = 'on'`, `recovery_target_timeline = 'latest'`, ...(following === null ? [] : followLines(following)), ''].join('\n')
