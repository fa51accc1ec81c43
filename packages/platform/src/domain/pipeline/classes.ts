import type { OutputField, Signature } from '@fairlead/contract'

/** Class labels of a `probabilities` field as text: its own, else the indices along the tensor's last axis. */
export function classesOf(field: OutputField, signature: Signature): string[] {
  if (field.classes) return field.classes
  const width = signature.outputs.find((output) => output.name === field.tensor)?.shape.at(-1) ?? -1
  return width > 0 ? Array.from({ length: width }, (_, i) => String(i)) : []
}
