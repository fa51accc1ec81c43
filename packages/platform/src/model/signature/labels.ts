/** A class label as an answer shows it. */
export type LabelValue = string | number | bigint | boolean

/**
 * Renders one value of a label tensor. With `classes`, an integer is an index into them and an index beyond them is written as text;
 * without, the model's own label stands: whole numbers as numbers where these are exact, else as bigint.
 */
export function renderLabel(value: LabelValue, classes?: readonly string[]): LabelValue {
  if (classes !== undefined && typeof value !== 'string') return classes[Number(value)] ?? String(value)
  if (typeof value === 'bigint' && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))) return Number(value)
  return value
}
