'use client'

import { useRouter } from 'next/navigation'
import { useRef } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { SelectField } from '@/components/ui/select-field'
import { architectures, type Requirements, strategies, volumeKinds } from '@/lib/domain/prices/requirements'
import type { PriceField } from '@/lib/shapes/prices'

interface Props {
  wanted: Requirements
  problems: Partial<Record<PriceField, string>>
  accounts: readonly { id: string; name: string }[]
  accountId: string | null
  regions: readonly string[]
}

/** What each means is said below the offers' heading. */
const strategyLabels = Object.fromEntries(Object.entries(strategies).map(([name, words]) => [name, words.split(':')[0]!]))

const same = (values: readonly string[]) => Object.fromEntries(values.map((one) => [one, one]))

/** The page's address with what is given; what is empty is left out. */
const addressOf = (form: HTMLFormElement): string => {
  const given = [...new FormData(form)].flatMap(([name, value]) =>
    typeof value === 'string' && value.trim() !== '' ? [[name, value]] : [],
  )
  return `/prices?${new URLSearchParams(given)}`
}

/** Sends its fields as the page's address; what is chosen from a list is shown at once. */
export const FilterForm = ({ wanted, problems, accounts, accountId, regions }: Props) => {
  const router = useRouter()
  const form = useRef<HTMLFormElement>(null)
  const show = () => form.current && router.push(addressOf(form.current))
  const text = (
    name: PriceField,
    label: string,
    value: string | number | null,
    more: { help?: string; isWide?: boolean; list?: string } = {},
  ) => (
    <Field label={label} error={problems[name]}>
      {(ids) => (
        <input
          {...ids}
          className={more.isWide ? 'input' : 'input prices-short'}
          name={name}
          defaultValue={value ?? ''}
          placeholder={more.help ?? 'any'}
          list={more.list}
          inputMode={more.isWide ? undefined : 'decimal'}
          autoComplete="off"
        />
      )}
    </Field>
  )
  const choice = (name: PriceField, label: string, value: string, choices: Readonly<Record<string, string>>) => (
    <SelectField name={name} label={label} value={value} choices={choices} problem={problems[name]} />
  )
  return (
    <form
      ref={form}
      method="get"
      action="/prices"
      className="prices-bar"
      aria-label="Requirements"
      onSubmit={(event) => {
        event.preventDefault()
        show()
      }}
      onChange={({ target }) => {
        if (target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'checkbox')) show()
      }}
    >
      {accounts.length > 0 && (
        <SelectField
          name="account"
          label="Prices of"
          value={accountId ?? ''}
          choices={Object.fromEntries(accounts.map(({ id, name }) => [id, name]))}
        />
      )}
      {text('vcpusMin', 'vCPUs, at least', wanted.vcpusMin)}
      {text('vcpusMax', 'vCPUs, at most', wanted.vcpusMax)}
      {text('memoryGibMin', 'Memory, at least (GiB)', wanted.memoryGibMin)}
      {text('memoryGibMax', 'Memory, at most (GiB)', wanted.memoryGibMax)}
      {choice('architecture', 'Architecture', wanted.architecture ?? '', { '': 'any', ...same(architectures) })}
      {choice('storage', 'Storage', wanted.storage, { network: 'EBS volume', local: 'own disks, lost at a stop' })}
      {text('storageGb', 'Storage (GB)', wanted.storageGb)}
      {choice('volumeKind', 'Volume', wanted.volumeKind, same(volumeKinds))}
      {text('regions', 'Regions', wanted.regions.join(', '), { isWide: true, help: 'all: eu-*, us-east-1', list: 'price-regions' })}
      {text('zones', 'Zones', wanted.zones.join(', '), { isWide: true, help: 'all: us-east-1a' })}
      {text('families', 'Families', wanted.families.join(', '), { isWide: true, help: 'all: r6g, m7*' })}
      {text('types', 'Types', wanted.types.join(', '), { isWide: true, help: 'all: m6g.large' })}
      {choice('market', 'Market', wanted.market, { spot: 'spot', 'on-demand': 'on-demand' })}
      {choice('strategy', 'Strategy', wanted.strategy, strategyLabels)}
      {text('evictionWeight', 'Weight of evictions', wanted.evictionWeight)}
      {text('priceMaxUsd', 'Price, at most ($/h)', wanted.priceMaxUsd)}
      {text('evictionMax', 'Evictions, at most (%)', wanted.evictionMax)}
      <Field label="Burstable types, too" isBeside error={problems.allowsBurstable}>
        {(ids) => <input {...ids} type="checkbox" name="allowsBurstable" value="true" defaultChecked={wanted.allowsBurstable} />}
      </Field>
      {wanted.strategy === 'random' && <input type="hidden" name="seed" value={wanted.seed} />}
      <datalist id="price-regions">
        {regions.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <div className="flex gap-2">
        <Button type="submit" variant="primary">
          Show
        </Button>
        <LinkButton href="/prices" variant="quiet">
          Clear
        </LinkButton>
      </div>
    </form>
  )
}
