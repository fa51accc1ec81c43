import type { Form } from '../form/form.ts'

/**
 * Positions of the texts that matter in an input, for `TextPositions`: the categories and keys it is looked up by, since any other text is
 * as good as an unknown one. All texts of the form where something else is done with it, or unknown ones have a key of their own.
 */
export function askedTexts({ inputs, steps, outputs, texts }: Form, input: number): readonly number[] {
  const all = Array.from(texts.keys())
  const asked = new Set<number>()
  if (inputs[input]?.type !== 'text' || outputs.some(({ value }) => value === input)) return all
  for (const step of steps) {
    if (!step.of.some((value) => value === input)) continue
    if (step.op !== 'onehot' && step.op !== 'lookup') return all
    for (const key of step.op === 'onehot' ? step.categories : step.keys) asked.add(key)
  }
  return asked.has(-1) ? all : [...asked]
}
