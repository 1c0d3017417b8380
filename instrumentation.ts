/** Next calls this once, before the first request. The variable is Next's own and set when it builds: the check is left out of what browsers load. */
export const register = async (): Promise<void> => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { mustBeSound } = await import('@/db/records/selfcheck')
  mustBeSound()
}
