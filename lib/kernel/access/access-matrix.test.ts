import { describe, expect, test } from 'vitest'
import { permissionName } from './access'
import { accessCell, permissionGroups, type SourcedGrant } from './access-matrix'

const grant = (id: string, role: SourcedGrant['role'], environmentId: string | null, groupName: string | null = null): SourcedGrant => ({
  id,
  role,
  environmentId,
  groupName,
})

const restart = { name: 'instance.run.restart', role: 'operator' } as const

describe('what a person may do', () => {
  test('is explained by every grant that gives it, the strongest role first', () => {
    const grants = [grant('1', 'viewer', null), grant('2', 'dba', 'prod', 'dbas'), grant('3', 'operator', 'dev')]
    expect(accessCell(grants, restart, 'prod')).toMatchObject({ held: true, by: [{ id: '2' }] })
    expect(accessCell(grants, 'instance.view', 'prod').by.map((one) => one.id)).toEqual(['2', '1'])
    expect(accessCell(grants, restart, 'stage')).toEqual({ held: false, by: [] })
  })

  test('what belongs to no environment is not given by a grant in one', () => {
    expect(accessCell([grant('1', 'admin', 'prod')], 'person.view', null).held).toBe(false)
    expect(accessCell([grant('1', 'admin', null)], 'person.view', null).held).toBe(true)
  })

  test('every declared operation and every way of running it has its row', () => {
    const [group] = permissionGroups(
      [{ name: 'instance', noun: ['instance', 'instances'], canAdd: true, canDelete: false, isEditable: true }],
      [
        {
          on: 'instance',
          title: 'Run SQL',
          permissions: [
            { name: 'instance.run.run-sql', role: 'dba' },
            { name: 'instance.run.run-sql.write', role: 'dba' },
          ],
        },
      ],
    )
    expect(group!.rows.map((row) => [permissionName(row.permission), row.label])).toEqual([
      ['instance.view', 'See instances'],
      ['instance.add', 'Add'],
      ['instance.change', 'Change'],
      ['instance.run.run-sql', 'Run SQL'],
      ['instance.run.run-sql.write', 'Run SQL, writing'],
    ])
  })
})
