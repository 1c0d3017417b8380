/**
 * SQL that gives the `herd_id` of each herd that a PgBouncer's database points to: one of its members has the address or host name, or is on the pooler's own
 * host, and the port. `pooler` and `database` are aliases of rows with `server_id` and `environment_id`, and with `host` and `port`. One look through an
 * index for each way to name a member, since one condition for all of them has none.
 */
export const herdsLedTo = (pooler: string, database: string): string =>
  `select i.herd_id from instances i where i.server_id = ${pooler}.server_id and i.port = ${database}.port
     and (${database}.host is null or ${database}.host like '/%' or ${database}.host in ('localhost', '127.0.0.1', '::1'))
   union select i.herd_id from servers s join instances i on i.server_id = s.id and i.port = ${database}.port
     where s.environment_id = ${pooler}.environment_id and lower(s.hostname) = lower(${database}.host)
   union select i.herd_id from servers s join instances i on i.server_id = s.id and i.port = ${database}.port
     where s.environment_id = ${pooler}.environment_id and s.address = ${database}.host`
