import type { Model } from '@fairlead/contract/control'
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { modelsQuery } from '../api/queries.ts'
import { PageHead } from '../app/page-head.tsx'
import { plural } from '../format/number.ts'
import { matches } from '../format/text.ts'
import { Aliases, Tags } from '../model/marks.tsx'
import { Empty, Loaded } from '../ui/feedback.tsx'
import { Ago, Command } from '../ui/show.tsx'
import { Table } from '../ui/table.tsx'

/** All models of the registry. */
export function ModelsPage() {
  const models = useQuery(modelsQuery)
  const { q = '' } = useSearch({ from: '/shell/models' })
  const navigate = useNavigate({ from: '/models' })
  const setQuery = (text: string) => void navigate({ search: { q: text || undefined }, replace: true })
  return (
    <>
      <PageHead
        title="Models"
        sub="What was imported, every version under its digest"
        actions={<Command text="npx fairlead models import SOURCE --name NAME" />}
      />
      <section className="fl-panel">
        <Loaded query={models}>
          {({ items }) => {
            const shown = items.filter((model) => q === '' || matches(`${model.name} ${model.description} ${Object.entries(model.tags).flat().join(' ')}`, q))
            if (items.length === 0) {
              return (
                <Empty title="No models yet" command="npx fairlead models import ./model.onnx --name my-model">
                  A model file, an MLflow folder or an address becomes a model here: read, checked and kept under its digest.
                </Empty>
              )
            }
            return (
              <>
                <div className="fl-filters">
                  <TextInput
                    className="fl-grow"
                    size="xs"
                    placeholder="Filter by name, description or tag"
                    aria-label="Filter models"
                    value={q}
                    onChange={(event) => setQuery(event.currentTarget.value)}
                  />
                  <span className="fl-soft">{plural(shown.length, 'model')}</span>
                </div>
                {shown.length === 0 ? <Empty title="No model matches">Nothing here is called “{q}”.</Empty> : <ModelTable models={shown} />}
              </>
            )
          }}
        </Loaded>
      </section>
    </>
  )
}

function ModelTable({ models }: { models: readonly Model[] }) {
  return (
    <Table label="Models, table" heads={['Model', 'Newest', 'Aliases', 'Deployed as', 'Tags', 'Changed']}>
      {models.map((model) => (
        <tr key={model.name}>
          <th scope="row" className="fl-name">
            <Link to="/models/$name" params={{ name: model.name }}>
              <bdi>{model.name}</bdi>
            </Link>
            {model.description ? (
              <div className="fl-small fl-soft">
                <bdi>{model.description}</bdi>
              </div>
            ) : null}
          </th>
          <td data-label="Newest">
            {model.newest === null ? (
              <span className="fl-soft">none</span>
            ) : (
              <span className="fl-nowrap">
                {model.newest} <span className="fl-soft fl-small">of {model.versions}</span>
              </span>
            )}
          </td>
          <td data-label="Aliases">
            <Aliases aliases={model.aliases} />
          </td>
          <td data-label="Deployed as" className="fl-wrap">
            {model.deployments.length === 0 ? <span className="fl-soft">nowhere</span> : <DeploymentLinks names={model.deployments} />}
          </td>
          <td data-label="Tags">
            <Tags tags={model.tags} />
          </td>
          <td data-label="Changed">
            <Ago at={model.updatedAt} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

const SHOWN = 3

function DeploymentLinks({ names }: { names: readonly string[] }) {
  return (
    <span>
      {names.slice(0, SHOWN).map((name, index) => (
        <span key={name}>
          {index > 0 ? ', ' : ''}
          <Link to="/deployments/$name" params={{ name }}>
            {name}
          </Link>
        </span>
      ))}
      {names.length > SHOWN ? <span className="fl-soft"> and {names.length - SHOWN} more</span> : null}
    </span>
  )
}
