/** The last fence of instance `i` since it was replaced, as one row or none: what was done, why, on whom and when. */
export const lastFenceSql = `select a.title, a.detail->>'action' as action, a.detail->>'because' as because, a.at from audit a
  where a.act = 'instance.fence' and a.object_id = i.herd_id and a.title = i.title and a.at >= i.replaced_at order by a.at desc limit 1`
