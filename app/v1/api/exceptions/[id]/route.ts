import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { changeException, deleteException } from '@/db/pygmy/exceptions'

export const PUT = servePygmy(calls.pygmyChangeException, async ({ actor, number, read }) => {
  await changeException(actor, number(), await read())
  return { status: 'Success' }
})
export const DELETE = servePygmy(calls.pygmyDeleteException, async ({ actor, number }) => {
  await deleteException(actor, number())
  return { success: true }
})
