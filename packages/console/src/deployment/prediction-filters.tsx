import type { Deployment } from '@fairlead/contract/control'
import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { releasesQuery, signatureQuery } from '../api/queries.ts'
import { RANGES } from '../format/time.ts'

/** A condition that works for this deployment: its first numeric column against the value of its example. */
function useExample(deployment: string): string {
  const signature = useQuery({ ...signatureQuery(deployment), retry: false })
  const row = signature.data?.example[0] ?? {}
  const name = Object.keys(row).find((one) => typeof row[one] === 'number' && /^[a-z]\w*$/i.test(one))
  return name === undefined ? '_total_ms > 5' : `${name} > ${String(row[name])} and _total_ms > 5`
}

/** Filters of the table: a condition, a release, a window. */
export function PredictionFilterBar({ deployment }: { deployment: Deployment }) {
  const search = useSearch({ from: '/shell/deployments/$name' })
  const navigate = useNavigate({ from: '/deployments/$name' })
  const releases = useQuery(releasesQuery(deployment.name))
  const example = useExample(deployment.name)
  const [where, setWhere] = useState(search.where ?? '')
  useEffect(() => setWhere(search.where ?? ''), [search.where])
  const filtered = search.where !== undefined || search.release !== undefined || search.since !== undefined
  const set = (part: { where?: string | undefined; release?: number | undefined; since?: string | undefined }) =>
    void navigate({ search: (was) => ({ ...was, ...part, after: undefined }) })
  const apply = (event: FormEvent) => {
    event.preventDefault()
    set({ where: where.trim() || undefined })
  }
  return (
    <form className="fl-filters" onSubmit={apply} aria-label="Filters">
      <TextInput
        className="fl-grow"
        label="Condition"
        description="Columns with = != < > and or not, in (…), between … and …, is null; text in single quotes"
        placeholder={example}
        value={where}
        onChange={(event) => setWhere(event.currentTarget.value)}
        spellCheck={false}
        autoComplete="off"
      />
      <Select
        label="Release"
        placeholder="all"
        clearable
        w={120}
        data={(releases.data?.items ?? []).map((release) => String(release.number))}
        value={search.release === undefined ? null : String(search.release)}
        onChange={(value) => set({ release: value === null ? undefined : Number(value) })}
      />
      <Select
        label="Within"
        placeholder="all time"
        clearable
        w={120}
        data={[...RANGES]}
        value={search.since ?? null}
        onChange={(value) => set({ since: value ?? undefined })}
      />
      <Button type="submit" variant="default">
        Apply
      </Button>
      {filtered ? (
        <Button variant="subtle" onClick={() => set({ where: undefined, release: undefined, since: undefined })}>
          Clear
        </Button>
      ) : null}
    </form>
  )
}
