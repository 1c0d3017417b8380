import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { addDnsEntry, readDnsEntries } from '@/db/pygmy/names'

export const GET = servePygmy(calls.pygmyDns, ({ actor }) => readDnsEntries(actor))
export const POST = servePygmy(calls.pygmyAddDns, async ({ actor, read }) => addDnsEntry(actor, await read({ form: true })))
