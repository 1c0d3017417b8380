import { secretMark } from './secrets'
import type { Stack, StackServer } from './stack'
import { type StackFile, tlsFile } from './stack-file'

export const poolerConfigPath = '/etc/pgbouncer/pgbouncer.ini'
/** The role that looks passwords up; the file that holds its own is read by PgBouncer alone. */
export const poolerRole = 'pgbouncer'
const userListPath = '/etc/pgbouncer/userlist.txt'

/** It points to the primary itself, so that the console can pause clients through a switchover; a proxy between would end their sessions. */
export const poolerFiles = ({ pooler, postgres, database }: Stack, primary: StackServer): StackFile[] => {
  const text = `[databases]
${database.name} = host=${primary.address} port=${postgres.port} dbname=${database.name} auth_user=${poolerRole}

[pgbouncer]
listen_addr = *
listen_port = ${pooler.port}
unix_socket_dir = /var/run/postgresql
auth_type = scram-sha-256
auth_file = ${userListPath}
auth_query = SELECT name, secret FROM pgbouncer.login_of($1)
admin_users = postgres
pool_mode = ${pooler.poolMode}
max_client_conn = ${pooler.maxClients}
default_pool_size = ${pooler.poolSize}
server_login_retry = 0.2
query_wait_timeout = 120
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = require
client_tls_ca_file = ${tlsFile('ca.pem')}
client_tls_cert_file = ${tlsFile('server.pem')}
client_tls_key_file = ${tlsFile('postgres.key')}
server_tls_sslmode = verify-ca
server_tls_ca_file = ${tlsFile('ca.pem')}
logfile = /var/log/postgresql/pgbouncer.log
pidfile = /var/run/postgresql/pgbouncer.pid
`
  return [
    { path: poolerConfigPath, owner: 'postgres', mode: '0640', text },
    { path: userListPath, owner: 'postgres', mode: '0600', text: `"${poolerRole}" "${secretMark('pooler')}"\n` },
  ]
}

/** In every database that it serves, and in template1 for those to come. Roles past VALID UNTIL and superusers are not looked up (CVE-2025-2291). */
export const lookupSql = `create schema if not exists pgbouncer;
create or replace function pgbouncer.login_of(wanted text, out name text, out secret text) returns record
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$select rolname::text, rolpassword from pg_authid
     where rolname = wanted and rolcanlogin and not rolsuper and not rolreplication and (rolvaliduntil is null or rolvaliduntil > now())$$;
revoke all on function pgbouncer.login_of(text) from public;
grant usage on schema pgbouncer to ${poolerRole};
grant execute on function pgbouncer.login_of(text) to ${poolerRole};
`
