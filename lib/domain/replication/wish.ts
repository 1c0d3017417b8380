/** How standbys of a herd are to follow, beside whom; empty text: as the standbys there are do now. */
export interface ReplicationWish {
  /** Role for replication. */
  user: string
  /** Further keywords of primary_conninfo, as `sslmode=verify-full application_name={host}`. */
  options: string
}

/** Keywords that say nothing of whom to follow, as whom, or with which secret: those the console writes itself, or never reads. */
const keywords = [
  'application_name',
  'channel_binding',
  'connect_timeout',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'krbsrvname',
  'options',
  'passfile',
  'require_auth',
  'requirepeer',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
  'sslcert',
  'sslcompression',
  'sslcrl',
  'sslcrldir',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
  'sslsni',
  'tcp_user_timeout',
]

/** Allowed options, as a pattern: keyword=value, blanks between, no quotes. */
export const replicationOptionsPattern = `^(?:(?:${keywords.join('|')})=[A-Za-z0-9_./:@,{}~+-]+(?: +(?=\\S)|$))*$`

/** The keywords that the wish sets for the standby on this host. */
export const wishedConninfo = ({ user, options }: ReplicationWish, hostname: string): Record<string, string> => ({
  ...(user === '' ? {} : { user }),
  ...Object.fromEntries(
    options
      .split(' ')
      .filter(Boolean)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1).replaceAll('{host}', hostname)]),
  ),
})
