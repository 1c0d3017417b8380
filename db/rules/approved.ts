import type { Queryable } from '../pg/transaction'

/** A second person's approval of a rule as of this revision; false: it is another one by now, or they saved it themselves. */
export const noteRuleApproval = async (
  client: Queryable,
  rule: { id: string; revision: number },
  by: { personId: string; name: string },
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `update sizing_rules set approved_revision = revision, approved_by = $3, approved_by_name = $4, approved_at = clock_timestamp()
      where id = $1 and revision = $2 and person_id is distinct from $3`,
    [rule.id, rule.revision, by.personId, by.name],
  )
  return rowCount === 1
}
