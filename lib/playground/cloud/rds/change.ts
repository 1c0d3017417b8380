import type { Action } from '../action'
import { CloudFault } from '../fault'
import type { Params } from '../params'
import type { CloudState } from '../state'
import type { DbInstance } from './instances'
import { named } from './read'
import { shownInstance } from './shown'

const asked = (state: CloudState, region: string, params: Params): DbInstance => {
  const id = params.must('DBInstanceIdentifier')
  state.databases.mustHaveId(id)
  return state.databases.get(region, id)
}

const answer = (state: CloudState, one: DbInstance) => ({ DBInstance: shownInstance(state, one) })

/** For a while RDS shows the new value as pending and the instance as available, before it begins. */
const modifyDBInstance: Action = (state, region, params) => {
  const one = asked(state, region, params)
  const { databases, options } = state
  databases.mustBe(one, 'available')
  const wanted = params.get('DBInstanceClass')
  if (wanted === undefined || (wanted === one.class && one.pending.class === undefined)) return answer(state, one)
  databases.mustOffer(one, wanted)
  if (!params.isTrue('ApplyImmediately')) databases.move(one, { pending: { class: wanted } }, [])
  else {
    databases.move(one, { pending: { class: wanted } }, [
      { afterMs: options.settleMs / 2, status: 'modifying' },
      { afterMs: options.settleMs, status: 'available', also: { class: wanted, pending: {} } },
    ])
    databases.do(one, 'restart')
  }
  return answer(state, one)
}

const startDBInstance: Action = (state, region, params) => {
  const one = asked(state, region, params)
  const { databases, options } = state
  databases.mustBe(one, 'stopped')
  databases.mustOffer(one, one.class)
  databases.move(one, { status: 'starting' }, [{ afterMs: options.settleMs, status: 'available' }])
  databases.do(one, 'start')
  return answer(state, one)
}

const stopDBInstance: Action = (state, region, params) => {
  const one = asked(state, region, params)
  const { databases, options } = state
  databases.mustBe(one, 'available')
  if (one.source !== null || databases.replicasOf(one).length > 0)
    throw new CloudFault('InvalidDBInstanceState', 'Cannot stop or start a read replica or a DB instance that has one.')
  databases.move(one, { status: 'stopping' }, [{ afterMs: options.settleMs, status: 'stopped' }])
  databases.do(one, 'stop')
  return answer(state, one)
}

const rebootDBInstance: Action = (state, region, params) => {
  const one = asked(state, region, params)
  const { databases, options } = state
  databases.mustBe(one, 'available')
  if (params.isTrue('ForceFailover') && !one.isMultiAz)
    throw new CloudFault('InvalidParameterCombination', 'You cannot force failover of an instance that is not configured as Multi-AZ.')
  databases.move(one, { status: 'rebooting' }, [{ afterMs: options.settleMs, status: 'available' }])
  databases.do(one, 'restart')
  return answer(state, one)
}

const promoteReadReplica: Action = (state, region, params) => {
  const one = asked(state, region, params)
  const { databases, options } = state
  if (one.source === null) throw new CloudFault('InvalidDBInstanceState', `DB instance is not a read replica: ${one.id}.`)
  databases.mustBe(one, 'available')
  databases.move(one, { status: 'modifying' }, [
    { afterMs: options.settleMs / 2, status: 'rebooting', also: { source: null } },
    { afterMs: options.settleMs, status: 'available' },
  ])
  databases.do(one, 'promote')
  return answer(state, one)
}

const addTagsToResource: Action = (state, region, params) => {
  const one = named(state, region, params)
  for (const tag of params.groups('Tags.Tag')) one.tags[tag.must('Key')] = tag.get('Value') ?? ''
  state.databases.remember(one)
  return {}
}

const removeTagsFromResource: Action = (state, region, params) => {
  const one = named(state, region, params)
  for (const key of params.list('TagKeys.member')) delete one.tags[key]
  state.databases.remember(one)
  return {}
}

export const changeActions: Readonly<Record<string, Action>> = {
  ModifyDBInstance: modifyDBInstance,
  StartDBInstance: startDBInstance,
  StopDBInstance: stopDBInstance,
  RebootDBInstance: rebootDBInstance,
  PromoteReadReplica: promoteReadReplica,
  AddTagsToResource: addTagsToResource,
  RemoveTagsFromResource: removeTagsFromResource,
}
