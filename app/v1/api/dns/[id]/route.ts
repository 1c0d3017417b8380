import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { deleteDnsEntry } from '@/db/pygmy/names'

export const DELETE = servePygmy(calls.pygmyDeleteDns, async ({ actor, number }) => deleteDnsEntry(actor, number()))
