import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { changeManagement, deleteManagement, readManagement } from '@/db/pygmy/managements'

export const GET = servePygmy(calls.pygmyManagement, async ({ actor, number }) => readManagement(actor, number()))
export const PUT = servePygmy(calls.pygmyReplaceManagement, async ({ actor, number, read }) =>
  changeManagement(actor, number(), await read({ form: true }), false),
)
export const PATCH = servePygmy(calls.pygmyChangeManagement, async ({ actor, number, read }) =>
  changeManagement(actor, number(), await read({ form: true }), true),
)
export const DELETE = servePygmy(calls.pygmyDeleteManagement, async ({ actor, number }) => deleteManagement(actor, number()))
