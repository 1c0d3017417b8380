/**
 * The line for `authorized_keys` that lets this key in for what the console does: commands, and sockets of PostgreSQL and PgBouncer as files. No terminal,
 * agent, X11, tunnel or login script. `port-forwarding` opens those sockets. It opens TCP too, which gives an account that runs commands nothing more;
 * `permitopen`, and AllowTcpForwarding of sshd, would forbid the sockets as well. `from`: addresses or networks, separated by commas, that workers come
 * from; left out: from anywhere.
 */
export const authorizedLine = (publicKey: string, from?: string): string =>
  `${from ? `from="${from}",` : ''}restrict,port-forwarding ${publicKey.trim()}`
