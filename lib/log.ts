import pino, { type Logger } from 'pino'
import { env } from './env'

let made: Logger | null = null

/** The process's log: JSON lines on standard error. Never log a password, a token or a key; hosts and commands belong here, not on the page. */
export const logger = (): Logger => {
  made ??= pino({ level: env().LOG_LEVEL, base: { pid: process.pid } }, pino.destination(2))
  return made
}
