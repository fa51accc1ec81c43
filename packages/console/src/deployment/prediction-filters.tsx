import type { Deployment } from '@fairlead/contract/control'
import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { releasesQuery } from '../api/queries.ts'
import { RANGES } from '../format/time.ts'

/** Filters of the table: a condition, a release, a window. */
export function PredictionFilterBar({ deployment }: { deployment: Deployment }) {
  const search = useSearch({ from: '/shell/deployments/$name' })
  const navigate = useNavigate({ from: '/deployments/$name' })
  const releases = useQuery(releasesQuery(deployment.name))
  const [where, setWhere] = useState(search.where ?? '')
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
        placeholder="age > 60 and label = 'bad'"
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
    </form>
  )
}
