import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { addManagement, readManagements } from '@/db/pygmy/managements'

export const GET = servePygmy(calls.pygmyManagements, ({ actor }) => readManagements(actor))
export const POST = servePygmy(calls.pygmyAddManagement, async ({ actor, read }) => addManagement(actor, await read({ form: true })))
