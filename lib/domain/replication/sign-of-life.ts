/**
 * What psql says that only a running server can have made it say, in English (LC_ALL=C) where libpq speaks. The server's own messages come in its language,
 * after a severity, a colon and two blanks: `FATAL:  `.
 */
const answers: readonly RegExp[] = [
  /\S: {2}\S/,
  /no password supplied/,
  /authentication method|SASL|SCRAM|channel binding/,
  /server does not support SSL/,
  /server certificate|SSL error|certificate verify failed/,
]

/** libpq's own warnings and hints, which have the form of a server's message. */
const ownLine = /^\s*(WARNING|HINT|DETAIL|NOTICE):/

/** A server has answered this attempt to connect, whatever it answered: it lives, although it did not let us in. `said`: all that psql wrote. */
export const isServersAnswer = (said: string): boolean =>
  said.split('\n').some((line) => !ownLine.test(line) && answers.some((sign) => sign.test(line)))
