import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { addExceptions, readExceptions } from '@/db/pygmy/exceptions'

export const GET = servePygmy(calls.pygmyExceptions, ({ actor }) => readExceptions(actor))
export const POST = servePygmy(calls.pygmyAddExceptions, async ({ actor, read }) => {
  await addExceptions(actor, await read())
  return { success: true }
})
