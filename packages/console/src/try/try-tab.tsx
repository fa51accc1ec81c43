import type { OutputField, Row } from '@fairlead/contract'
import type { Deployment, ResponseOf } from '@fairlead/contract/control'
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useMemo, useState } from 'react'
import { control } from '../api/control.ts'
import { describeError } from '../api/problem.ts'
import { signatureQuery } from '../api/queries.ts'
import { Empty, Loaded } from '../ui/feedback.tsx'
import { Answer } from './answer.tsx'
import { askForOne } from './ask.ts'
import { FieldInput } from './field-input.tsx'
import { emptyForm, type FormField, type FormValues, fieldOfPath, fieldsOf, fillForm, readForm } from './form-model.ts'
import { Snippets } from './snippets-view.tsx'

function useTry(deployment: string, release: string) {
  return useMutation({
    mutationFn: (row: Row) => askForOne((body) => control.call('tryDeployment', { params: { deployment }, body }), row, release),
  })
}

/** A form made from the signature, with the answer and the same request in other languages beside it. */
export function TryTab({ deployment }: { deployment: Deployment }) {
  const signature = useQuery(signatureQuery(deployment.name))
  if (deployment.current === null) {
    return (
      <Empty title="Nothing to try yet" command={`npx fairlead deploy ${deployment.name} --model MODEL`}>
        The form appears here once a release is current.
      </Empty>
    )
  }
  return <Loaded query={signature}>{(data) => <TryForm key={deployment.current?.number} deployment={deployment} signature={data} />}</Loaded>
}

interface TryFormProps {
  deployment: Deployment
  signature: ResponseOf<'getDeploymentSignature'>
}

function TryForm({ deployment, signature }: TryFormProps) {
  const fields = useMemo(() => fieldsOf(signature.signature), [signature])
  const [values, setValues] = useState<FormValues>(() => emptyForm(fields))
  const [checked, setChecked] = useState(false)
  const attempt = useTry(deployment.name, deployment.current?.digest ?? '')
  const { row, errors } = readForm(fields, values)
  const shown = checked ? { ...refusals(attempt.error), ...errors } : {}
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setChecked(true)
    const form = event.currentTarget
    if (Object.keys(errors).length === 0) attempt.mutate(row)
    else requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  const example = signature.example[0]
  return (
    <div className="fl-columns fl-try">
      <form className="fl-stack" onSubmit={submit} noValidate aria-label="Inputs">
        <div className="fl-row spread">
          <h3>Inputs</h3>
          {example ? (
            <Button size="compact-sm" variant="default" onClick={() => setValues(fillForm(fields, example))}>
              Fill with an example
            </Button>
          ) : null}
        </div>
        <div>
          <FieldGrid fields={fields} values={values} errors={shown} onChange={(name, text) => setValues((was) => ({ ...was, [name]: text }))} />
          <div className="fl-row fl-submit">
            <Button type="submit" loading={attempt.isPending}>
              Predict
            </Button>
            {checked && Object.keys(errors).length > 0 ? <span role="alert">{Object.keys(errors).length} to correct</span> : null}
          </div>
        </div>
      </form>
      <div className="fl-stack">
        <h3>Answer</h3>
        <Answer tried={attempt.data} error={attempt.error} fields={signature.signature.fields} />
        <div>
          <h3>The same request elsewhere</h3>
          <p className="fl-small fl-soft">
            {Object.keys(errors).length === 0
              ? 'With the values of the form.'
              : example
                ? 'With the example where the form has no value yet.'
                : 'Fill in the form first.'}
          </p>
        </div>
        <Snippets deployment={deployment} row={snippetRow(row, values, example)} columns={fields.map((field) => field.name)} fields={outputs(signature)} />
      </div>
    </div>
  )
}

/** The row of the snippets: what the form holds, and the example for fields that nobody has filled in. */
function snippetRow(row: Row, values: FormValues, example: Row | undefined): Row {
  if (example === undefined) return row
  const filled = Object.entries(row).filter(([name]) => values[name] !== '')
  const untouched = Object.keys(values).every((name) => values[name] === '' || values[name] === 'false')
  return untouched ? example : { ...example, ...Object.fromEntries(filled) }
}

const outputs = (signature: ResponseOf<'getDeploymentSignature'>): OutputField[] => signature.signature.fields

/** What the platform refused, by the field it names. */
function refusals(error: unknown): Record<string, string> {
  if (!error) return {}
  return Object.fromEntries(describeError(error).items.flatMap((item) => (fieldOfPath(item.path) ? [[fieldOfPath(item.path), item.detail]] : [])))
}

interface FieldGridProps {
  fields: FormField[]
  values: FormValues
  errors: Record<string, string>
  onChange: (name: string, text: string) => void
}

function FieldGrid({ fields, values, errors, onChange }: FieldGridProps) {
  return (
    <div className="fl-fields">
      {fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name] ?? ''}
          error={errors[field.name]}
          onChange={(text) => onChange(field.name, text)}
        />
      ))}
    </div>
  )
}
