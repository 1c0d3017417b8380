/** Over the id of a herd: it was stopped on purpose, all of it. */
export const isHerdAtRest = (herdId: string): string =>
  `(${herdId} in (select b.herd_id from blueprints b where b.stopped_at is not null and b.herd_id is not null))`

/** Over the id of a server: a herd on it was stopped on purpose. */
export const isServerAtRest = (serverId: string): string =>
  `exists (select from instances i where i.server_id = ${serverId} and ${isHerdAtRest('i.herd_id')})`
