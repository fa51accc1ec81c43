import { Select, Switch, Textarea, TextInput } from '@mantine/core'
import { type FormField, rangeWords } from './form-model.ts'

interface FieldInputProps {
  field: FormField
  value: string
  error: string | undefined
  onChange: (text: string) => void
}

function hintOf(field: FormField): string {
  const array = field.control === 'json' ? `${field.shape.map((size) => (size < 0 ? 'any' : size)).join(' × ')} values` : ''
  return [field.description, rangeWords(field), array].filter(Boolean).join(' · ')
}

/** The control of one column, with its unit, range and meaning. */
export function FieldInput({ field, value, error, onChange }: FieldInputProps) {
  const label = (
    <>
      <bdi>{field.name}</bdi> <span className="fl-soft fl-small">{field.optional ? `${field.type}, optional` : field.type}</span>
    </>
  )
  const shared = { label, description: hintOf(field) || undefined, error }
  if (field.control === 'switch') {
    return <Switch {...shared} className="fl-switch" checked={value === 'true'} onChange={(event) => onChange(String(event.currentTarget.checked))} />
  }
  if (field.control === 'choice') {
    return (
      <Select
        {...shared}
        data={field.options}
        value={value === '' ? null : value}
        onChange={(next) => onChange(next ?? '')}
        clearable={field.optional}
        searchable={field.options.length > 8}
        placeholder={field.optional ? 'none' : 'choose'}
      />
    )
  }
  if (field.control === 'json') {
    return (
      <Textarea {...shared} value={value} autosize minRows={2} maxRows={8} placeholder="[0, 0, 0]" onChange={(event) => onChange(event.currentTarget.value)} />
    )
  }
  const numeric = field.control !== 'text'
  return (
    <TextInput
      {...shared}
      value={value}
      inputMode={numeric ? (field.control === 'integer' && (field.min ?? -1) >= 0 ? 'numeric' : 'text') : 'text'}
      autoComplete="off"
      rightSection={numeric && field.unit ? <span className="fl-unit">{field.unit}</span> : undefined}
      rightSectionWidth={numeric && field.unit ? `${Math.min(field.unit.length, 10) + 2}ch` : undefined}
      rightSectionPointerEvents="none"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
