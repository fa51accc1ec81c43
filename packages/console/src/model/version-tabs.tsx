import type { ModelCheck, ModelVersion } from '@fairlead/contract/control'
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { control } from '../api/control.ts'
import { formatBytes, formatCount, formatFigure } from '../format/number.ts'
import { Empty, TroubleView } from '../ui/feedback.tsx'
import { Digest, Facts, State } from '../ui/show.tsx'
import { Table } from '../ui/table.tsx'
import { rangeOf } from './signature.ts'

/** Inputs and outputs with types, ranges, units and meanings. */
export function SignatureTab({ version }: { version: ModelVersion }) {
  const { signature, facts } = version
  return (
    <div>
      <h3 className="fl-bar-row">Inputs of a row, {formatCount(signature.columns.length)}</h3>
      <Table label="Inputs, table" heads={['Name', 'Type', 'Range or values', 'Unit', 'Needed', 'Meaning']}>
        {signature.columns.map((column) => (
          <tr key={column.name}>
            <th scope="row">
              <bdi>{column.name}</bdi>
            </th>
            <td data-label="Type">
              {column.type}
              {column.shape?.length ? ` [${column.shape.join(', ')}]` : ''}
            </td>
            <td data-label="Range or values">
              {rangeOf(
                column,
                facts.known?.find((one) => one.column === column.name),
              )}
            </td>
            <td data-label="Unit">{column.unit ?? '–'}</td>
            <td data-label="Needed">{column.optional ? 'optional' : 'yes'}</td>
            <td data-label="Meaning">
              <bdi>{column.description ?? '–'}</bdi>
            </td>
          </tr>
        ))}
      </Table>
      <h3 className="fl-bar-row">Outputs</h3>
      <Table label="Outputs, table" heads={['Name', 'Kind', 'Type', 'Classes', 'Unit', 'Meaning']}>
        {signature.fields.map((field) => (
          <tr key={field.name}>
            <th scope="row">
              <bdi>{field.name}</bdi>
            </th>
            <td data-label="Kind">{field.kind}</td>
            <td data-label="Type">{field.type}</td>
            <td data-label="Classes">{field.classes?.join(', ') ?? '–'}</td>
            <td data-label="Unit">{field.unit ?? '–'}</td>
            <td data-label="Meaning">
              <bdi>{field.description ?? '–'}</bdi>
            </td>
          </tr>
        ))}
      </Table>
    </div>
  )
}

/** Files with sizes and digests, and a check that they are still what was imported. */
export function FilesTab({ version }: { version: ModelVersion }) {
  const verify = useMutation({ mutationFn: () => control.call('verifyVersion', { params: { model: version.model, version: version.version } }) })
  const result = (path: string) => verify.data?.files.find((file) => file.path === path)
  return (
    <div>
      <div className="fl-row spread fl-bar-row">
        <span className="fl-soft">
          {formatCount(version.files.length)} files, {formatBytes(version.sizeBytes)}
        </span>
        <span className="fl-row">
          {verify.data ? <State state={verify.data.ok ? { tone: 'ok', word: 'All as imported' } : { tone: 'alert', word: 'Changed on disk' }} /> : null}
          <Button size="compact-sm" variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
            Verify digests
          </Button>
        </span>
      </div>
      {verify.error ? <TroubleView error={verify.error} /> : null}
      <table className="fl-table cards">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col" className="fl-number">
              Size
            </th>
            <th scope="col">Digest</th>
          </tr>
        </thead>
        <tbody>
          {version.files.map((file) => (
            <tr key={file.path}>
              <th scope="row" className="fl-mono" style={{ overflowWrap: 'anywhere' }}>
                <a
                  href={`/api/v1/models/${encodeURIComponent(version.model)}/versions/${version.version}/files/${file.path.split('/').map(encodeURIComponent).join('/')}`}
                >
                  {file.path}
                </a>
                {result(file.path)?.problem ? <div style={{ color: 'var(--fl-alert)' }}>{result(file.path)?.problem}</div> : null}
              </th>
              <td data-label="Size" className="fl-number">
                {formatBytes(file.size)}
              </td>
              <td data-label="Digest">
                <Digest digest={file.digest} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** What was looked at when a version was imported. */
function ChecksTable({ checks }: { checks: readonly ModelCheck[] }) {
  return (
    <section>
      <h3 className="fl-bar-row">Checked at import</h3>
      <Table label="Checked at import, table" heads={['Check', 'Outcome', 'Found']}>
        {checks.map(({ name, ok, detail }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td data-label="Outcome">
              <State state={ok ? { tone: 'ok', word: 'As it should be' } : { tone: 'warn', word: 'To be known' }} />
            </td>
            <td data-label="Found" style={{ overflowWrap: 'anywhere' }}>
              {detail}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

/** Metrics that came with the version, and what reading the file told. */
export function MetricsTab({ version }: { version: ModelVersion }) {
  const { facts } = version
  const metrics = Object.entries(version.metrics)
  return (
    <>
      <div className="fl-columns" style={{ padding: 16 }}>
        <section className="fl-stack tight">
          <h3>Metrics</h3>
          {metrics.length === 0 ? (
            <Empty title="No metrics yet">Metrics recorded by the training tool come with the import, such as those of an MLflow run.</Empty>
          ) : (
            <Facts items={metrics.map(([name, value]) => [name, formatFigure(value)])} />
          )}
        </section>
        <section className="fl-stack tight">
          <h3>Read from the file</h3>
          <Facts
            items={[
              ['Format', facts.format],
              ['Written by', facts.producer ?? 'not told'],
              [
                'Operator sets',
                Object.entries(facts.opsets)
                  .map(([domain, opset]) => `${domain} ${opset}`)
                  .join(', ') || 'none',
              ],
              ['Parameters', formatCount(facts.parameters)],
              ...Object.entries(facts.metadata),
              ...facts.rewrites.map((words, index) => [`Changed at import${index > 0 ? ` (${index + 1})` : ''}`, words] as const),
            ]}
          />
          <h3>Operators</h3>
          <Facts
            items={Object.entries(facts.operators)
              .sort(([, a], [, b]) => b - a)
              .map(([name, count]) => [name, formatCount(count)])}
          />
        </section>
      </div>
      {facts.checks && facts.checks.length > 0 ? <ChecksTable checks={facts.checks} /> : null}
    </>
  )
}
